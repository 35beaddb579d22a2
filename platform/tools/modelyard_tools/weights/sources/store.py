"""A content-addressed folder of verified files, shared by processes."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.sources.digest import Digest


class Store:
    """Finished files are in `<root>/sha256/<digest>`, unfinished ones in `<root>/partial/<digest>`.

    Files pinned by another algorithm are in a folder of its name beside `sha256`. A file is renamed
    into place once its size and digest have been verified, and both are verified again on each use,
    so that corrupted files are never used.
    """

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, which is created when first needed."""
        self._root = root

    def find(self, digest: Digest, size: int) -> Path | None:
        """Return the file with that digest, or None if it is missing or damaged."""
        path = self._path(digest)
        if not path.is_file() or path.stat().st_size != size or not digest.fits(path):
            return None
        return path

    def partial(self, digest: Digest) -> Path:
        """Return where to write the file with that digest; part of it may be there already."""
        return self._root / "partial" / digest.value

    def admit(self, digest: Digest, size: int) -> Path:
        """Move the finished partial file into the store and return its final path.

        Raises:
            WeightsError: it is not the pinned file; it has been removed.
        """
        partial = self.partial(digest)
        try:
            found = partial.stat().st_size
            if found != size:
                raise WeightsError(f"it has {found} bytes, but {size} are pinned")
            has = Digest.of(partial, digest.algorithm)
            if has != digest:
                raise WeightsError(
                    f"its {has.algorithm} is {has.value}, but {digest.value} is pinned"
                )
        except WeightsError:
            partial.unlink()
            raise
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.chmod(0o444)
        partial.replace(path)
        return path

    @contextmanager
    def locked(self, digest: Digest, on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold the lock for writing that digest; `on_wait` is called if another process holds it.

        The system releases the lock when its holder ends, however that happens.
        """
        lock = self.partial(digest).with_suffix(".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, digest: Digest) -> Path:
        return self._root / digest.algorithm / digest.value


def copy_into(source: Path, target: Path) -> None:
    """Copy a file atomically, replacing `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
