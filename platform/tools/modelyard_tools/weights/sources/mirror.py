"""The user's mirror folder, which is searched before anything is downloaded."""

import os
from collections.abc import Iterator
from pathlib import Path

from modelyard_contract.variables import WEIGHTS_MIRROR
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.spec import NpmSource, Spec, UrlSource


def find_in_mirror(folder: Path, spec: Spec, progress: Progress) -> Path | None:
    """Return the file in `folder` or below with the pinned size and digest, or None.

    Its name does not matter (browsers and people rename files), but a file with the right name and
    the wrong content is reported, since it was probably put there for this purpose.
    """
    if not folder.is_dir():
        progress.say(f"{WEIGHTS_MIRROR} names {folder}, which is not a folder")
        return None
    names = {s.file_name for s in spec.sources if isinstance(s, UrlSource | NpmSource)}
    for path in _files(folder):
        size_fits = path.stat().st_size == spec.size
        if size_fits and spec.pinned.fits(path):
            return path
        if path.name in names:
            progress.say(f"{path} is not the pinned file ({spec.pinned}); ignored")
    return None


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(files) if (path := Path(parent, name)).is_file())
