"""What an author's handler needs from the class around it."""

import ast
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from modelyard_contract.function_types import INTERACTOR, TRACKER
from modelyard_tools.adopt.errors import AdoptError
from modelyard_tools.adopt.fitting import Module

_UNPICKLING: Final = frozenset({"jsonpickle", "pickle", "dill", "cloudpickle", "joblib"})


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """The author's `module:function`; `threshold` is its own default, if that is a number.

    `unfinished` says why it must not run before it has been changed; empty if it may run.
    """

    module: str
    function: str
    threshold: float | None
    unfinished: str


def find_handler(config: Mapping[str, Any], kind: str, modules: Collection[Module]) -> Handler:
    """Return the handler that function.yaml names.

    Raises:
        AdoptError: it does not exist.
    """
    name = str(config["spec"].get("handler") or "main:handler")
    path, _, function = name.partition(":")
    path = path.removesuffix(".py").replace("/", ".")
    module = next((each for each in modules if _dotted(each) == path), None)
    if module is None:
        raise AdoptError(
            f"spec.handler is {name!r}, but {path.replace('.', '/')}.py does not exist"
        )
    definition = _definition(module, function or "handler")
    if definition is None:
        raise AdoptError(
            f"spec.handler is {name!r}, but {module.path} does not define {function!r}"
        )
    return Handler(
        module=path,
        function=definition.name,
        threshold=_default_threshold(definition),
        unfinished=_obstacle(definition, module, kind, modules),
    )


def _dotted(module: Module) -> str:
    return ".".join(PurePosixPath(module.path).with_suffix("").parts)


def _definition(module: Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return node
    return None


def _default_threshold(definition: ast.AST) -> float | None:
    """Return the number in `data.get("threshold", 0.4)`."""
    for node in ast.walk(definition):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="get"),
                args=[
                    ast.Constant(value="threshold"),
                    ast.Constant(value=int() | float() as value),
                ],
            ) if 0 <= value <= 1:
                return float(value)
    return None


def _obstacle(
    definition: ast.FunctionDef | ast.AsyncFunctionDef,
    module: Module,
    kind: str,
    modules: Collection[Module],
) -> str:
    """Return why the handler cannot run behind our classes; an empty string if it can."""
    if isinstance(definition, ast.AsyncFunctionDef):
        return f"{module.path} has an async handler, which is not supported; make it synchronous"
    if kind == TRACKER:
        for each in modules:
            found = sorted(each.imported & _UNPICKLING)
            if found:
                return (
                    f"{each.path} reads states with {found[0]}, which lets any client run code; "
                    "use modelyard.serving.author.state.PackedArray instead"
                )
    if kind == INTERACTOR and _replies_with(definition, "blob"):
        return (
            f"{module.path} replies with an embedding for a plug-in in CVAT's page; "
            "decode it to a mask"
        )
    return ""


def _replies_with(definition: ast.AST, key: str) -> bool:
    return any(
        isinstance(name, ast.Constant) and name.value == key
        for node in ast.walk(definition)
        if isinstance(node, ast.Dict)
        for name in node.keys
    )
