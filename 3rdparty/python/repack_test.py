"""The build backend that replaces setuptools, on a made-up sdist, and its wheel's digest."""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import repack
from lock import repository_root
from pins import parse_lock
from resolves import RESOLVES

ROOT = repository_root(Path.cwd())
BOOTSTRAP = ROOT / "platform/launcher/bootstrap.sh"


@pytest.fixture
def sdist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An unpacked sdist whose setup.py must not run; pip builds in this folder."""
    files = {
        "setup.py": "raise SystemExit('it ran')",
        "LICENSE": "Apache",
        "detectron2/__init__.py": "A = 1",
        "detectron2/model_zoo/configs/a.yaml": "B: 2",
        "detectron2/layers/csrc.cpp": "int c;",
        "tools/train.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "sdist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path / "sdist")
    return tmp_path / "sdist"


@pytest.mark.usefixtures("sdist")
def test_the_wheel_holds_python_files_and_configurations(tmp_path: Path) -> None:
    name = repack.BACKEND.build_wheel(str(tmp_path))
    with zipfile.ZipFile(tmp_path / name) as wheel:
        names = wheel.namelist()
        assert wheel.read("detectron2/__init__.py") == b"A = 1"
        assert wheel.read("pb1_detectron2-0.6.dist-info/LICENSE") == b"Apache"
    folder = "pb1_detectron2-0.6.dist-info"
    assert names == [
        "detectron2/__init__.py",
        "detectron2/model_zoo/configs/a.yaml",
        *(f"{folder}/{name}" for name in ("LICENSE", "METADATA", "WHEEL", "RECORD")),
    ]


def test_the_bytes_hang_on_the_contents_alone(sdist: Path, tmp_path: Path) -> None:
    digests = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (sdist / "detectron2/__init__.py").touch()
        content = (folder / repack.BACKEND.build_wheel(str(folder))).read_bytes()
        digests.append(hashlib.sha256(content).hexdigest())
    assert digests[0] == digests[1]


def test_pip_learns_the_metadata_of_the_wheel(tmp_path: Path) -> None:
    assert repack.BACKEND.get_requires_for_build_wheel() == []
    folder = repack.BACKEND.prepare_metadata_for_build_wheel(str(tmp_path))
    lines = (tmp_path / folder / "METADATA").read_text().splitlines()
    assert {"Name: pb1-detectron2", "Version: 0.6"} <= set(lines)
    required = [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist: ")]
    assert {Requirement(text).name for text in required} >= {"torch", "torchvision", "fvcore"}


def test_the_launcher_and_the_lock_know_the_same_wheel() -> None:
    pins = {pin.name: pin for pin in parse_lock(RESOLVES["detectron2"].lock(ROOT).read_text())}
    (digest,) = re.findall(r"DETECTRON2_WHEEL=([0-9a-f]{64})", BOOTSTRAP.read_text())
    assert pins[repack.NAME].version == repack.VERSION
    assert pins[repack.NAME].hashes == (f"--hash=sha256:{digest}",)
