"""What is renamed: folders, and the packages in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Group:
    """Packages that move together.

    `old` and `new` are the folders that hold them; `parent` is the package they become part of.
    """

    old: str
    new: str
    parent: str
    packages: tuple[str, ...]

    def folders(self) -> Iterator[tuple[str, str]]:
        """Yield the old and the new folder of each package."""
        for package in self.packages:
            yield f"{self.old}/{package}", f"{self.new}/{package}"


LIBRARY: Final = Group(
    old="lib",
    new="lib/modelyard",
    parent="modelyard",
    packages=("adopted", "annotation", "imaging", "inference", "serving"),
)
TOOLS: Final = Group(
    old="platform/python",
    new="platform/tools/modelyard_tools",
    parent="modelyard_tools",
    packages=(
        "adopt",
        "catalogue",
        "deployer",
        "doctor",
        "embedded",
        "experiments",
        "images",
        "scaffold",
        "weights",
    ),
)
GROUPS: Final = (LIBRARY, TOOLS)
PARENTS: Final = {package: group.parent for group in GROUPS for package in group.packages}
"""The package that each renamed one becomes part of."""

PLUGINS: Final = "platform/pants-plugins"
OLD_PLUGIN: Final = "modelyard"
NEW_PLUGIN: Final = "modelyard_pants"

OLD_ROOT: Final = "platform/python"
NEW_ROOT: Final = "platform/tools"

OWN_FOLDER: Final = "platform/lint/rename"


def moves() -> Iterator[tuple[str, str]]:
    """Yield what to move, files and folders, from where to where; nothing lies in another."""
    for group in GROUPS:
        yield from group.folders()
    yield f"{OLD_ROOT}/BUILD", f"{NEW_ROOT}/BUILD"
    yield f"{PLUGINS}/{OLD_PLUGIN}", f"{PLUGINS}/{NEW_PLUGIN}"


def moved(path: str) -> str:
    """Return where a file of the old tree lies in the new one."""
    for old, new in moves():
        if path == old or path.startswith(f"{old}/"):
            return new + path.removeprefix(old)
    return path


def before(path: str) -> str:
    """Return where a file of the new tree lay in the old one."""
    for old, new in moves():
        if path == new or path.startswith(f"{new}/"):
            return old + path.removeprefix(new)
    return path


@dataclass(frozen=True)
class Content:
    """What the packages hold: `files` below each package's parent folder, in the old tree."""

    files: frozenset[str]

    @classmethod
    def of(cls, paths: list[str]) -> "Content":
        """Take the files, and the folders of files, out of all paths of the repository."""
        homes = {f"{group.old}/{name}/": group.old for group in GROUPS for name in group.packages}
        homes[f"{PLUGINS}/{OLD_PLUGIN}/"] = PLUGINS
        found = {
            str(each)
            for path in paths
            for home, folder in homes.items()
            if path.startswith(home)
            for each in (Path(path).relative_to(folder), *Path(path).relative_to(folder).parents)
        }
        return cls(frozenset(found))

    def has_module(self, package: str, name: str) -> bool:
        """Whether `package.name` is a module or a package."""
        return f"{package}/{name}.py" in self.files or (
            f"{package}/{name}/__init__.py" in self.files
        )

    def has_file(self, path: str) -> bool:
        """Whether there is such a file or folder, named from its source root."""
        return path.rstrip("/") in self.files
