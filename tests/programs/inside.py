"""Imports modules and everything their code imports anywhere; run within a packaged program.

Arguments: names of modules. Prints failed imports, one line each, and then exits with 1. Late
imports would otherwise hide missing modules until they are reached. Imports for type checkers, and
those whose failure the code handles, are ignored.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

# Modules that a library imports on its own, once this part of it is used.
BEHIND = {"msgspec.yaml": "yaml"}


def main(names: Sequence[str]) -> int:
    """Check these modules; return the exit code."""
    missing = [f"{name}: {error}" for name in names for error in problems(name)]
    for line in missing:
        print(line)
    print(f"{len(names)} modules")
    return 1 if missing else 0


def problems(name: str) -> Iterator[str]:
    """Yield failed imports, of the module and within it."""
    yield from failure(name)
    spec = importlib.util.find_spec(name)
    source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    for wanted in sorted(set(imported(ast.parse(source)))):
        yield from failure(*wanted)


def failure(module: str, attribute: str = "") -> Iterator[str]:
    """Yield the reason why `from module import attribute` fails, if it does."""
    try:
        found = importlib.import_module(module)
        if attribute and not hasattr(found, attribute):
            importlib.import_module(f"{module}.{attribute}")
    except Exception as error:
        yield f"{type(error).__name__}: {error}"


def imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield (module, attribute or "") for each import in the code."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        module = node.module
        yield from ((module, "" if alias.name == "*" else alias.name) for alias in node.names)
    elif isinstance(node, ast.Attribute) and ast.unparse(node) in BEHIND:
        yield BEHIND[ast.unparse(node)], ""
    elif isinstance(node, ast.Call):
        yield from ((name, "") for name in named(node))
    for child in looked_at(node):
        yield from imported(child)


def named(call: ast.Call) -> Iterator[str]:
    """Yield the module imported by a call of `import_module`."""
    if ast.unparse(call.func) in ("import_module", "importlib.import_module"):
        yield from (str(arg.value) for arg in call.args[:1] if isinstance(arg, ast.Constant))


def looked_at(node: ast.AST) -> Sequence[ast.AST]:
    """Return the parts of a statement or expression whose imports must succeed at run time."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return node.orelse
    if isinstance(node, ast.Try) and any(handles_import(handler) for handler in node.handlers):
        return [*node.handlers, *node.orelse, *node.finalbody]
    return list(ast.iter_child_nodes(node))


def handles_import(handler: ast.ExceptHandler) -> bool:
    """Whether it handles a missing module."""
    caught = ast.unparse(handler.type) if handler.type else "Exception"
    return "ImportError" in caught or "ModuleNotFoundError" in caught


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
