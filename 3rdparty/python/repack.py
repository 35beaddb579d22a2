"""Makes wheels of packages whose sdists cannot be built: `python repack.py FOLDER`.

detectron2 is on the package index only as an sdist, whose setup.py imports torch and needs C++
sources that are missing. Its Python files are complete. pip downloads the sdist, checks its digest,
and then calls this module as the build backend in place of setuptools; it packs those files and
runs no code of the package. The launcher runs this once per machine, with Pants' Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wheel_file import PURE_PYTHON, write_wheel

NAME = "pb1-detectron2"
VERSION = "0.6"
SDIST = "sha256:5d2e9e51e523ec72f6a31cca04b0a515492e9514b773a3d134cedc0677170b29"
PACKAGE = "detectron2"
# Imported for running a network. Training, evaluation and drawing would need more.
REQUIRES = (
    "cloudpickle",
    "fvcore<0.1.6,>=0.1.5",
    "iopath<0.1.10,>=0.1.7",
    "numpy",
    "omegaconf>=2.1",
    "pillow",
    "pycocotools>=2.0.2",
    "tabulate",
    "termcolor>=1.1",
    "torch",
    "torchvision",
    "tqdm>4.29.0",
    "yacs>=0.1.8",
)

_STEM = f"{NAME.replace('-', '_')}-{VERSION}"
WHEEL = f"{_STEM}-py3-none-any.whl"
_DIST_INFO = f"{_STEM}.dist-info"
_SUFFIXES = {".py", ".yaml"}


def repack(folder: Path) -> Path:
    """Download the sdist and write its wheel into `folder`; return the wheel's path.

    Raises:
        CalledProcessError: pip failed and printed why.
    """
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        backend = scratch / "backend" / "setuptools"
        backend.mkdir(parents=True)
        (backend / "__init__.py").touch()
        # The backend name that pip uses for an sdist without a pyproject.toml.
        (backend / "build_meta.py").write_text("from repack import BACKEND as __legacy__\n")
        requirements = scratch / "requirements.txt"
        requirements.write_text(f"{NAME}=={VERSION} --hash={SDIST}\n")
        path = (str(backend.parent), str(Path(__file__).resolve().parent))
        subprocess.run(  # noqa: S603 - every word is ours
            [
                *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-input", "--no-deps"),
                *("--require-hashes", f"--requirement={requirements}"),
                *("--no-build-isolation", "--use-pep517", "--no-cache-dir"),
                *("--disable-pip-version-check", f"--wheel-dir={folder}"),
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            check=True,
        )
    return folder / WHEEL


class Backend:
    """The PEP 517 hooks that pip calls; they run in the folder of the unpacked sdist."""

    def get_requires_for_build_wheel(self, config_settings: Any = None) -> list[str]:
        return []

    def prepare_metadata_for_build_wheel(self, folder: str, config_settings: Any = None) -> str:
        target = Path(folder, _DIST_INFO)
        target.mkdir()
        (target / "METADATA").write_bytes(_metadata())
        return _DIST_INFO

    def build_wheel(
        self, folder: str, config_settings: Any = None, metadata_directory: Any = None
    ) -> str:
        write_wheel(Path(folder, WHEEL), _files(Path.cwd()))
        return WHEEL


BACKEND = Backend()


def _files(sdist: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted((sdist / PACKAGE).rglob("*")):
        if path.suffix in _SUFFIXES and path.is_file():
            yield path.relative_to(sdist).as_posix(), path.read_bytes()
    yield f"{_DIST_INFO}/LICENSE", (sdist / "LICENSE").read_bytes()
    yield f"{_DIST_INFO}/METADATA", _metadata()
    yield f"{_DIST_INFO}/WHEEL", PURE_PYTHON


def _metadata() -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {VERSION}"]
    lines += ["License: Apache-2.0", *(f"Requires-Dist: {requirement}" for requirement in REQUIRES)]
    return "".join(f"{line}\n" for line in lines).encode()


if __name__ == "__main__":
    repack(Path(sys.argv[1]))
