"""A folder of verified files, addressed by their content and shared by processes."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from weights.errors import WeightsError


def sha256_of(path: Path) -> str:
    """Return the digest of a file's content, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Store:
    """`<root>/sha256/<digest>` holds whole files, `<root>/partial/<digest>` unfinished ones.

    A file appears under `sha256` by one rename after its size and digest were found right, and
    both are checked again on each use: whatever happened to the disk, wrong bytes are never used.
    """

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, which is made when it is first needed."""
        self._root = root

    def find(self, sha256: str, size: int) -> Path | None:
        """Return the file of that digest, or None when it is absent or damaged."""
        path = self._path(sha256)
        if not path.is_file() or path.stat().st_size != size or sha256_of(path) != sha256:
            return None
        return path

    def partial(self, sha256: str) -> Path:
        """Return where to write the file of that digest; an earlier attempt may have begun it."""
        return self._root / "partial" / sha256

    def admit(self, sha256: str, size: int) -> Path:
        """Take over the finished partial file of that digest and return its final path.

        Raises:
            WeightsError: it is not what was pinned; it is removed.
        """
        partial = self.partial(sha256)
        try:
            found = partial.stat().st_size
            if found != size:
                raise WeightsError(f"it has {found} bytes where {size} are pinned")
            digest = sha256_of(partial)
            if digest != sha256:
                raise WeightsError(f"its sha256 is {digest} where {sha256} is pinned")
        except WeightsError:
            partial.unlink()
            raise
        path = self._path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.chmod(0o444)
        partial.replace(path)
        return path

    @contextmanager
    def locked(self, sha256: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Hold the right to write that digest; `on_wait` is called if another process has it.

        The system releases the lock when its holder ends, however it ends.
        """
        lock = self.partial(sha256).with_suffix(".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, sha256: str) -> Path:
        return self._root / "sha256" / sha256


def copy_into(source: Path, target: Path) -> None:
    """Copy a file; `target` appears whole or not at all, replacing what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
