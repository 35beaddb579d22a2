"""The files of a download that is to be converted."""

from pathlib import Path

from modelyard_tools.weights.errors import WeightsError


def only(folder: Path, pattern: str) -> Path:
    """Return the one file in `folder` that the pattern matches, licences left aside.

    Raises:
        WeightsError: there is none or several.
    """
    files = sorted(file for file in folder.glob(pattern) if not file.name.startswith("LICENSE"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise WeightsError(f"there must be one file {pattern} to convert, and there are: {names}")
    return files[0]
