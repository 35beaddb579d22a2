"""The handler of a function in development: `modelyard.serving.worker.develop:handler`.

If only files of the model's own package changed, its modules are imported again in the running
process, so that neither Python nor the libraries restart. If the code that loads the weights is
unchanged, the loaded model is kept too, and gets the methods of the new class. Errors in the new
code are returned, with traceback, until they are fixed.
"""

import importlib
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import msgspec

from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.protocol.development import RELOAD_PATH, NotLoaded, Reloaded, own_package
from modelyard.serving.worker import nuclio
from modelyard.serving.worker.failures import describe
from modelyard.serving.worker.loading import AnyModel, find_model, load_model, warm_up

_JSON: Final = "application/json"

Snapshot = dict[str, int]
"""Modification time of each file of a package, in nanoseconds."""


class Code:
    """The package of the model's class, as last imported."""

    def __init__(self, assets: Assets) -> None:
        """Record the current state of the package."""
        self._assets = assets
        self._package = own_package(assets.model)
        self._seen = self._files()
        self._failure: list[str] = []
        self._last = Reloaded(0.0, kept=True)

    def follow(self, context: Any) -> Reloaded:
        """Import what has changed, and return the duration of the last reload.

        Raises:
            LoadingError: it cannot be imported or loaded, now or since the last change.
        """
        files = self._files()
        if files != self._seen:
            self._seen, self._failure = files, []
            started = time.perf_counter()
            try:
                kept = self._reload(context.user_data.endpoint)
            except Exception as error:
                self._failure = describe(error).splitlines()
            else:
                self._last = Reloaded(time.perf_counter() - started, kept)
        if self._failure:
            raise LoadingError(self._failure)
        return self._last

    def _reload(self, endpoint: Any) -> bool:
        """Give the endpoint the new code; return whether the loaded model was kept."""
        old: AnyModel = endpoint.model
        before = {name: sys.modules.pop(name) for name in self._modules()}
        importlib.invalidate_caches()
        try:
            new = find_model(self._assets.model)
            alike = old.kind == new.kind and _loads_alike(type(old), new)
            kept = alike and _converted(old, new)
            if not kept:
                endpoint.model = load_model(self._assets, Device.from_env(os.environ))
            warm_up(endpoint.model)
        except BaseException:
            for name in self._modules():
                del sys.modules[name]
            sys.modules.update(before)
            raise
        return kept

    def _modules(self) -> list[str]:
        inner = f"{self._package}."
        return [name for name in sys.modules if name == self._package or name.startswith(inner)]

    def _files(self) -> Snapshot:
        package = sys.modules.get(self._package)
        folders = [Path(folder) for folder in getattr(package, "__path__", ())]
        seen = {}
        for path in (path for folder in folders for path in folder.rglob("*.py")):
            # Editors replace files rather than writing to them.
            with suppress(FileNotFoundError):
                seen[str(path)] = path.stat().st_mtime_ns
        return seen


class LoadingError(Exception):
    """The new code does not load; `traceback` has its lines, the reason last."""

    def __init__(self, traceback: list[str]) -> None:
        """Keep the lines."""
        super().__init__(traceback[-1])
        self.traceback = traceback


def init_context(context: Any) -> None:
    """Load the model, as in a deployed function."""
    nuclio.init_context(context)
    context.user_data.code = Code(nuclio.open_assets(os.environ))


def handler(context: Any, event: Any) -> Any:
    """Answer a request with the current code."""
    try:
        reloaded = context.user_data.code.follow(context)
    except LoadingError as error:
        body = msgspec.json.encode(NotLoaded(str(error), error.traceback))
        return context.Response(body=body, content_type=_JSON, status_code=503)
    if event.path == RELOAD_PATH:
        body = msgspec.json.encode(reloaded)
        return context.Response(body=body, content_type=_JSON, status_code=200)
    return nuclio.handler(context, event)


def _loads_alike(old: type, new: type) -> bool:
    """Return whether the new class loads its instances like the old one."""
    pairs = [(getattr(old, name, None), getattr(new, name, None)) for name in ("__init__", "load")]
    return all(_alike(*pair, set()) for pair in pairs)


def _converted(model: AnyModel, new: type) -> bool:
    """Change the model's class; return False if Python cannot, as with other `__slots__`."""
    try:
        model.__class__ = new
    except TypeError:
        return False
    return True


def _alike(old: Any, new: Any, compared: set[CodeType]) -> bool:
    """Return whether two values behave the same for code that uses them.

    Functions are compared by their code and the globals that it names; `compared` has those
    already in progress. Classes of the package never do: their instances would keep the old code.
    """
    if old is new:
        return True
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        return _alike_functions(old, new, compared)
    if isinstance(old, ModuleType | type):
        return False
    try:
        return type(old) is type(new) and bool(old == new)
    except ValueError:
        # Arrays, whose comparison is not a single bool.
        return False


def _alike_functions(old: FunctionType, new: FunctionType, compared: set[CodeType]) -> bool:
    if new.__code__ in compared:
        return True
    compared.add(new.__code__)
    if _essence(old.__code__) != _essence(new.__code__):
        return False
    pairs = [(old.__defaults__, new.__defaults__), (old.__kwdefaults__, new.__kwdefaults__)]
    pairs += [(old.__globals__.get(name), new.__globals__.get(name)) for name in _names(new)]
    return all(_alike(*pair, compared) for pair in pairs)


def _essence(code: CodeType) -> tuple[Any, ...]:
    """Return a function's code without its position in the file."""
    constants = tuple(
        _essence(item) if isinstance(item, CodeType) else (type(item), item)
        for item in code.co_consts
    )
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants


def _names(function: FunctionType) -> set[str]:
    """Return the names that a function and its nested functions look up."""
    names: set[str] = set()
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes += [item for item in code.co_consts if isinstance(item, CodeType)]
    return names
