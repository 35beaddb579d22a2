"""The files of a layer before they are written: paths, modes and where the bytes come from.

Paths are relative to the image's root, with `/` between their parts. Modes are canonical: files
that their owner may execute everybody may execute, and only root may write. So neither umask nor
owner of the packaged files affects the image.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from modelyard_tools.images.errors import ImageToolError

FILE_MODE: Final = 0o644
EXECUTABLE_MODE: Final = 0o755
FOLDER_MODE: Final = 0o755


class Node(msgspec.Struct, frozen=True):
    """A file (`read` gives its bytes), a symbolic link (`target`) or a folder (neither)."""

    mode: int
    read: Callable[[], bytes] | None = None
    target: str | None = None


class Tree:
    """Files by path. Parent folders need not be added."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def add_file(self, path: str, read: Callable[[], bytes], *, executable: bool = False) -> None:
        """Add a file; another one at the same path must have the same bytes.

        Raises:
            ImageToolError: a different file is already at `path`.
        """
        node = Node(EXECUTABLE_MODE if executable else FILE_MODE, read=read)
        present = self._nodes.get(path)
        if present is not None and not _same(present, node):
            raise ImageToolError(f"two packages contain different files named {path}")
        self._nodes[path] = node

    def add_bytes(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Add a file with these bytes."""
        self.add_file(path, lambda: content, executable=executable)

    def add_link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._nodes[path] = Node(0o777, target=target)

    def add_folder(self, path: str, mode: int = FOLDER_MODE) -> None:
        """Add a folder that may stay empty or has an unusual mode."""
        self._nodes[path] = Node(mode)

    def __contains__(self, path: object) -> bool:
        return path in self._nodes

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        """Yield every node in path order, each after its parent folders."""
        yield from sorted(self._with_parents().items())

    def _with_parents(self) -> dict[str, Node]:
        nodes = dict(self._nodes)
        for path in self._nodes:
            parent = path.rpartition("/")[0]
            while parent:
                nodes.setdefault(parent, Node(FOLDER_MODE))
                parent = parent.rpartition("/")[0]
        return nodes


def _same(one: Node, other: Node) -> bool:
    return one.read is not None and other.read is not None and one.read() == other.read()
