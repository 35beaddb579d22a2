"""Paths in an image, and the virtual environments in it."""

from collections.abc import Sequence
from typing import Final

from modelyard_tools.images.layers import bytecode
from modelyard_tools.images.layers.members import Member
from modelyard_tools.images.layers.tree import Tree

ROOT: Final = "opt/modelyard"
SOURCES: Final = f"{ROOT}/srcs"
PYTHON: Final = "/usr/bin/python3.11"


def site_packages(name: str) -> str:
    """Return the site-packages folder of the environment `name`."""
    return f"{ROOT}/{name}/{bytecode.SITE_PACKAGES}"


def add_environment(tree: Tree, name: str, paths: Sequence[str] = ()) -> None:
    """Add an empty environment; `paths` are additional module folders."""
    home = f"{ROOT}/{name}"
    tree.add_link(f"{home}/bin/python", PYTHON)
    tree.add_link(f"{home}/bin/python3", "python")
    settings = f"home = {PYTHON.rpartition('/')[0]}\ninclude-system-site-packages = false\n"
    tree.add_bytes(f"{home}/pyvenv.cfg", settings.encode())
    if paths:
        listing = "".join(f"/{path}\n" for path in paths)
        tree.add_bytes(f"{site_packages(name)}/modelyard.pth", listing.encode())


def add_modules(tree: Tree, folder: str, groups: Sequence[Sequence[Member]]) -> None:
    """Add files to `folder`, and the compiled form of Python files.

    A module's compiled form does not depend on other groups.
    """
    for member in (member for group in groups for member in group):
        tree.add_file(f"{folder}/{member.path}", member.read, executable=member.executable)
    sources = [
        [(f"/{folder}/{item.path}", item.read()) for item in group if item.path.endswith(".py")]
        for group in groups
    ]
    for path, pyc in bytecode.compiled(sources):
        tree.add_bytes(path.lstrip("/"), pyc)
