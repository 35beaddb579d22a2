"""A folder of verified files, addressed by their content and shared by processes."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.sources.digest import Digest


class Store:
    """`<root>/sha256/<digest>` holds whole files, `<root>/partial/<digest>` unfinished ones.

    Files pinned by another digest lie beside `sha256`, under that digest's name.

    A file appears there by one rename after its size and digest were found right, and
    both are checked again on each use: whatever happened to the disk, wrong bytes are never used.
    """

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, which is made when it is first needed."""
        self._root = root

    def find(self, digest: Digest, size: int) -> Path | None:
        """Return the file of that digest, or None when it is absent or damaged."""
        path = self._path(digest)
        if not path.is_file() or path.stat().st_size != size or not digest.fits(path):
            return None
        return path

    def partial(self, digest: Digest) -> Path:
        """Return where to write the file of that digest; an earlier attempt may have begun it."""
        return self._root / "partial" / digest.value

    def admit(self, digest: Digest, size: int) -> Path:
        """Take over the finished partial file of that digest and return its final path.

        Raises:
            WeightsError: it is not what was pinned; it is removed.
        """
        partial = self.partial(digest)
        try:
            found = partial.stat().st_size
            if found != size:
                raise WeightsError(f"it has {found} bytes where {size} are pinned")
            has = Digest.of(partial, digest.algorithm)
            if has != digest:
                raise WeightsError(
                    f"its {has.algorithm} is {has.value} where {digest.value} is pinned"
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
        """Hold the right to write that digest; `on_wait` is called if another process has it.

        The system releases the lock when its holder ends, however it ends.
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
    """Copy a file; `target` appears whole or not at all, replacing what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
