"""The import graph of a repository's modules.

Imports in functions and those for types count too: a late import hides a cycle, it does not remove
it. Packages imported implicitly, by importing a module inside them, do not count: packages may
re-export their modules' definitions.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Self, TypeAlias


@dataclass(frozen=True)
class Module:
    """A file and its import name, relative to its source root."""

    path: Path
    root: Path
    name: str

    @classmethod
    def at(cls, path: Path, root: Path) -> Self:
        """Return the module of a file below `root`."""
        parts = path.relative_to(root).with_suffix("").parts
        return cls(path, root, ".".join(parts[:-1] if parts[-1] == "__init__" else parts))

    @property
    def package(self) -> str:
        """The package that relative imports are resolved against."""
        return self.name if self.path.stem == "__init__" else self.name.rpartition(".")[0]


Modules: TypeAlias = Mapping[str, Sequence[Module]]


def imports(repository: Path, root_patterns: Sequence[str]) -> dict[Module, set[Module]]:
    """Return the modules that each module of the repository imports.

    `root_patterns` are those of Pants' `[source]`. Outside all roots a folder is its own root.
    """
    modules = list(_modules(repository, root_patterns))
    named = defaultdict(list)
    for module in modules:
        named[module.name].append(module)
    return {module: set(_imported(module, named)) - {module} for module in modules}


def cycle(repository: Path, root_patterns: Sequence[str]) -> list[Path]:
    """Return the files of a cycle, with the first repeated at the end; empty if there is none."""
    try:
        TopologicalSorter(imports(repository, root_patterns)).prepare()
    except CycleError as error:
        # The sorter's arrows start at the imported module.
        return [module.path.relative_to(repository) for module in reversed(error.args[1])]
    return []


def _modules(repository: Path, root_patterns: Sequence[str]) -> Iterator[Module]:
    for path in sorted(repository.rglob("*.py")):
        folders = path.relative_to(repository).parents
        roots = (folder for folder in folders if _is_root(folder, root_patterns))
        yield Module.at(path, repository / next(roots, folders[0]))


def _is_root(folder: Path, patterns: Sequence[str]) -> bool:
    return any(PurePosixPath("/", folder).match(pattern) for pattern in patterns)


def _imported(module: Module, modules: Modules) -> Iterator[Module]:
    for names in _names(module):
        # `from a import b` refers to the module a.b, or else to a name defined in a.
        found = next((modules[name] for name in names if name in modules), [])
        # Two roots may have modules with the same name; the importer's own root comes first.
        yield from sorted(found, key=lambda each: each.root != module.root)[:1]


def _names(module: Module) -> Iterator[Sequence[str]]:
    """Yield for each import its candidate modules, most specific first."""
    for node in ast.walk(ast.parse(module.path.read_bytes(), str(module.path))):
        if isinstance(node, ast.Import):
            yield from ([alias.name] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            yield from ([f"{base}.{alias.name}", base] for alias in node.names)


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
