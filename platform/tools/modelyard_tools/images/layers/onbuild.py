"""Takes the processor and its Python wrapper from Nuclio's onbuild image."""

import tarfile
from functools import partial
from typing import Final

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers.tree import Tree
from modelyard_tools.images.layout import Layout

_FROM: Final = "home/nuclio/bin/"
_PROCESSOR: Final = "processor"
_WRAPPER: Final = "py/"
_NEEDED: Final = ("usr/local/bin/processor", "opt/nuclio/_nuclio_wrapper.py")


def onbuild_tree(layout: Layout) -> Tree:
    """Return the processor and the folder of its wrapper, at the paths of Nuclio's own images.

    Raises:
        ImageToolError: the image does not contain them, so it is not an onbuild image.
    """
    tree = Tree()
    for blob in layout.layers:
        layer = tarfile.open(blob.path)  # noqa: SIM115 - read when the tree is written
        for member in layer:
            path = _place(member.name.removeprefix("./"))
            if path and member.isreg():
                read = partial(_read, layer, member)
                tree.add_file(path, read, executable=bool(member.mode & 0o100))
    for path in _NEEDED:
        if path not in tree:
            raise ImageToolError(
                f"this is not an onbuild image of Nuclio: it lacks "
                f"/{_FROM}processor or /{_FROM}py; correct [modelyard].nuclio_onbuild"
            )
    return tree


def _place(name: str) -> str | None:
    if not name.startswith(_FROM):
        return None
    path = name.removeprefix(_FROM)
    if path == _PROCESSOR:
        return f"usr/local/bin/{path}"
    # Its own tests come with the wrapper.
    if path.startswith(_WRAPPER) and "test" not in path:
        return f"opt/nuclio/{path.removeprefix(_WRAPPER)}"
    return None


def _read(layer: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = layer.extractfile(member)
    return file.read() if file else b""
