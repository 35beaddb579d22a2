"""Whether what modules import of our own is there, by their syntax trees alone."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Sources:
    """All Python files below source roots: (root, dotted name) -> file."""

    files: Mapping[tuple[str, str], Path]

    @classmethod
    def of(cls, repository: Path, paths: list[str]) -> "Sources":
        """Take those of the repository, by the roots that pants.toml names."""
        settings = tomllib.loads((repository / "pants.toml").read_text(encoding="utf-8"))
        patterns = settings["source"]["root_patterns"]
        found = {}
        for path in paths:
            root = _root(path, patterns) if path.endswith(".py") else None
            if root is not None:
                found[root, _name(path, root)] = repository / path
        return cls(found)

    @cached_property
    def roots(self) -> Mapping[str, list[str]]:
        """The roots that have a module or a package folder of each name."""
        found: dict[str, list[str]] = {}
        for root, name in self.files:
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                at = found.setdefault(".".join(parts[:length]), [])
                if root not in at:
                    at.append(root)
        return found

    @cached_property
    def _defined(self) -> dict[Path, set[str]]:
        return {}

    def defines(self, root: str, module: str, name: str) -> bool:
        """Whether a module, or a package's own file, binds a name at its top level."""
        file = self.files.get((root, module))
        if file is None:
            return False
        if file not in self._defined:
            self._defined[file] = set(_bound(ast.parse(file.read_bytes())))
        return name in self._defined[file] or "__getattr__" in self._defined[file]


def unresolved(sources: Sources) -> Iterator[str]:
    """Yield each import of a package of ours that leads nowhere, as a line of text."""
    for file in sorted(sources.files.values()):
        for node in ast.walk(ast.parse(file.read_bytes())):
            for module, name in _wanted(node):
                if not _is_there(sources, module, name):
                    yield f"{file}:{node.lineno}: no {module} {name}".rstrip()  # type: ignore[attr-defined]


def _wanted(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from ((node.module or "", alias.name) for alias in node.names)


def _is_there(sources: Sources, module: str, name: str) -> bool:
    if module.partition(".")[0] not in sources.roots:
        return True
    roots = sources.roots.get(module, [])
    if not name:
        return bool(roots)
    return any(
        root in sources.roots.get(f"{module}.{name}", []) or sources.defines(root, module, name)
        for root in roots
    )


def _bound(tree: ast.AST) -> Iterator[str]:
    """Yield the names that statements bind, wherever in the module they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _root(path: str, patterns: list[str]) -> str | None:
    folders = [str(folder) for folder in PurePosixPath(path).parents]
    matching = (f for f in folders if any(PurePosixPath("/", f).match(p) for p in patterns))
    return next(matching, None)


def _name(path: str, root: str) -> str:
    parts = PurePosixPath(path).relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
