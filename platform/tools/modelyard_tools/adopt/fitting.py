"""Adapts an author's Python files to our package: imports, and paths in the author's image.

Only code that cannot work elsewhere is changed, in place, so that a `diff` with the author's files
stays small.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

import msgspec

from modelyard_contract.nuclio import HOME
from modelyard_tools.adopt.errors import AdoptError
from modelyard_tools.adopt.fetching import downloads

MARK: Final = "ADOPT"
_FITTING_YAML: Final = frozenset({"safe_load", "load", "SafeLoader", "FullLoader"})


class Edit(msgspec.Struct, frozen=True):
    """Replace the characters from `start` to `end`, offsets in a file's bytes."""

    start: int
    end: int
    text: str


class Module(msgspec.Struct, frozen=True):
    """A file by the author: its `path` in the folder, its text and its syntax tree."""

    path: str
    text: bytes
    tree: ast.Module

    @property
    def imported(self) -> set[str]:
        """The top-level names of the modules that it imports."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.partition(".")[0])
        return names

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a position; lines count from 1, columns in bytes."""
        lines = self.text.splitlines(keepends=True)
        return sum(map(len, lines[: line - 1])) + column

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return where a node begins and ends."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)


def parse(code: Mapping[str, str]) -> list[Module]:
    """Return the files as modules.

    Raises:
        AdoptError: one is not valid Python 3.
    """
    modules = []
    for path, text in code.items():
        try:
            modules.append(Module(path, text.encode(), ast.parse(text)))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", 0)
            raise AdoptError(f"{path}:{line} is not valid Python 3: {error.args[0]}") from None
    return modules


def own_modules(modules: Collection[Module]) -> set[str]:
    """Return the names of the modules and packages by which the files import each other."""
    return {PurePosixPath(module.path).parts[0].removesuffix(".py") for module in modules}


def fit(module: Module, package: str, own: Collection[str], missing: Collection[str]) -> str:
    """Return a file's text with `own` modules imported from `package`, and paths looked up.

    Imports of `missing` modules are marked, since they will fail.
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
    """Yield the paths in the author's image that the code uses."""
    for node in _path_constants(module):
        if node.value != f"{HOME}/function.yaml":
            yield str(node.value)


def unfit(module: Module) -> Iterator[tuple[int, str]]:
    """Yield line and reason of code that is left unchanged and will not work here."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr) and HOME in ast.unparse(node):
            yield node.lineno, f"builds a path below {HOME}; use `nuclio_path` instead"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
            yield node.lineno, "changes sys.path; copy the modules found there into this package"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _SHELL:
            yield node.lineno, "runs a program, which may not be installed"
        elif isinstance(node, ast.Call) and downloads(node):
            yield (
                node.lineno,
                f"{ast.unparse(node.func)} downloads when the function starts, unpinned, and fails "
                f"without a network; pin the file in a model_weights, and open it here as "
                f'"{HOME}/NAME" in `nuclio_path`',
            )
    if "yaml" in module.imported and not reads_config_only(module):
        yield 1, "does more with YAML than read function.yaml: the resolve lacks a parser"


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
    """Return the statement on one line, with the author's own modules from the package."""
    statements = []
    for alias in node.names:
        top, _, rest = alias.name.partition(".")
        if top not in own:
            statements.append(f"import {ast.unparse(alias)}")
        elif alias.asname and rest:
            parent, _, last = alias.name.rpartition(".")
            statements.append(f"from {package}.{parent} import {last} as {alias.asname}")
        elif rest:
            # Binds the top-level name and loads the submodule.
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
    """Whether `yaml` is imported as a module and used only for loading."""
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
    # Files beside the code, and weights, are beside it in Nuclio's folder.
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Name) and part.id == "__file__":
            yield Edit(*module.span(part), f'nuclio_path("{HOME}/{module.path}")')


def _path_constants(module: Module) -> Iterator[ast.Constant]:
    """Yield the string constants that are paths in the author's image."""
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
    """Return the text with an import added after its docstring and its `__future__` imports."""
    line = 0
    for node in ast.parse(text).body:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (future or docstring):
            break
        line = node.end_lineno or 0
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:line], f"{statement}\n", *lines[line:]])
