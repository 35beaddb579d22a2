"""Finds the files of a download to convert."""

from pathlib import Path

from modelyard_tools.weights.errors import WeightsError


def only(folder: Path, pattern: str) -> Path:
    """Return the only file in `folder` that matches the pattern, ignoring licences.

    Raises:
        WeightsError: there is not exactly one.
    """
    files = sorted(file for file in folder.glob(pattern) if not file.name.startswith("LICENSE"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise WeightsError(f"there must be exactly one file {pattern} to convert; found: {names}")
    return files[0]
