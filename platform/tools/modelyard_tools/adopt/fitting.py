"""An author's Python files, made fit for a package: imports, and paths of the author's image.

Only what cannot work elsewhere is changed, in its place, so that a `diff` with the author's files
stays small.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

import msgspec

from modelyard_contract.nuclio import HOME
from modelyard_tools.adopt.errors import AdoptError

MARK: Final = "ADOPT"
_FITTING_YAML: Final = frozenset({"safe_load", "load", "SafeLoader", "FullLoader"})


class Edit(msgspec.Struct, frozen=True):
    """Replace the characters from `start` to `end`, offsets in a file's bytes."""

    start: int
    end: int
    text: str


class Module(msgspec.Struct, frozen=True):
    """A file of an author's: its `path` in the folder, its text, and what it was parsed to."""

    path: str
    text: bytes
    tree: ast.Module

    @property
    def imported(self) -> set[str]:
        """The top-level names of all modules that it imports."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
        return names

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place; lines count from 1, columns in bytes."""
        lines = self.text.splitlines(keepends=True)
        return sum(map(len, lines[: line - 1])) + column

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return where a node begins and ends."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)


def parse(code: Mapping[str, str]) -> list[Module]:
    """Return the files as modules.

    Raises:
        AdoptError: one is no Python of today.
    """
    modules = []
    for path, text in code.items():
        try:
            modules.append(Module(path, text.encode(), ast.parse(text)))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", 0)
            raise AdoptError(f"{path}:{line} is no Python of today: {error.args[0]}") from None
    return modules


def own_modules(modules: Collection[Module]) -> set[str]:
    """Return the names by which the files import each other: of modules and packages."""
    return {PurePosixPath(module.path).parts[0].removesuffix(".py") for module in modules}


def fit(module: Module, package: str, own: Collection[str], missing: Collection[str]) -> str:
    """Return a file's text with the imports of `own` modules from `package`, and paths asked for.

    Imports of `missing` modules are marked, for they will fail.
    """
    edits = [
        *_imports(module, package, own),
        *_yaml(module),
        *_paths(module),
        *_marks(module, missing),
    ]
    text = module.text
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text.encode() + text[edit.end :]
    fitted = text.decode()
    if any(edit.text.startswith("nuclio_path") for edit in edits):
        fitted = _with_import(fitted, "from modelyard.adopted.home import nuclio_path")
    return fitted


def image_paths(module: Module) -> Iterator[str]:
    """Yield the paths of the author's image that the code asks for."""
    for node in _path_constants(module):
        if node.value != f"{HOME}/function.yaml":
            yield str(node.value)


def unfit(module: Module) -> Iterator[tuple[int, str]]:
    """Yield line and reason of what stays as it is and will not work here."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr) and HOME in ast.unparse(node):
            yield node.lineno, f"builds a path below {HOME}; ask `nuclio_path` for it"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
            yield node.lineno, "changes sys.path; what it leads to has to be in this package"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _SHELL:
            yield node.lineno, "runs a program, which may not be there"
    if "yaml" in module.imported and not reads_config_only(module):
        yield 1, "does more with YAML than reading function.yaml: the resolve has no parser"


_SHELL: Final = frozenset({"os.system", "os.popen", "subprocess.run", "subprocess.Popen"})


def _imports(module: Module, package: str, own: Collection[str]) -> Iterator[Edit]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module.partition(".")[0] in own:
                start = module.text.index(node.module.encode(), module.span(node)[0])
                yield Edit(start, start, f"{package}.")
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.partition(".")[0] in own]
            if names:
                yield Edit(*module.span(node), _reimported(node, package, own))


def _reimported(node: ast.Import, package: str, own: Collection[str]) -> str:
    """Return the statement with our own modules from the package, on one line."""
    statements = []
    for alias in node.names:
        top, _, rest = alias.name.partition(".")
        if top not in own:
            statements.append(f"import {ast.unparse(alias)}")
        elif alias.asname and rest:
            parent, _, last = alias.name.rpartition(".")
            statements.append(f"from {package}.{parent} import {last} as {alias.asname}")
        elif rest:
            # Binds the top name, and loads the module below it.
            statements.append(f"from {package} import {top}; import {package}.{alias.name}")
        else:
            statements.append(f"from {package} import {ast.unparse(alias)}")
    return "; ".join(statements)


def _yaml(module: Module) -> Iterator[Edit]:
    if not reads_config_only(module):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import) and [alias.name for alias in node.names] == ["yaml"]:
            name = node.names[0].asname
            yield Edit(
                *module.span(node),
                f"from modelyard.adopted import yaml{f' as {name}' * bool(name)}",
            )


def reads_config_only(module: Module) -> bool:
    """Whether `yaml` is imported by itself and used for nothing but loading."""
    aliases = [
        (node, alias)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "yaml"
    ]
    if not aliases or any(len(node.names) > 1 for node, _ in aliases):
        return False
    names = {alias.asname or "yaml" for _, alias in aliases}
    used = {
        node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    }
    return used <= _FITTING_YAML


def _paths(module: Module) -> Iterator[Edit]:
    for node in _path_constants(module):
        start, end = module.span(node)
        yield Edit(start, end, f"nuclio_path({module.text[start:end].decode()})")


def _path_constants(module: Module) -> Iterator[ast.Constant]:
    """Yield the string constants that are paths below the author's image."""
    inside = {
        id(part)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
    }
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Constant) or id(node) in inside:
            continue
        if node.value == HOME or str(node.value).startswith(f"{HOME}/"):
            yield node


def _marks(module: Module, missing: Collection[str]) -> Iterator[Edit]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = {node.module.partition(".")[0]}
        else:
            continue
        absent = sorted(names & set(missing))
        if absent:
            end = module.text.find(b"\n", module.span(node)[1])
            end = len(module.text) if end < 0 else end
            reason = f"the resolve lacks {', '.join(absent)}"
            yield Edit(end, end, f"  # pants: no-infer-dep - {MARK}: {reason}")


def _with_import(text: str, statement: str) -> str:
    """Return the text with an import after its docstring and its imports from the future."""
    line = 0
    for node in ast.parse(text).body:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (future or docstring):
            break
        line = node.end_lineno or 0
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:line], f"{statement}\n", *lines[line:]])
