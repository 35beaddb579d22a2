"""Loads a model from the name of its class."""

import importlib
import inspect
from contextlib import suppress
from types import ModuleType
from typing import Any

from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import (
    Detector,
    Interactor,
    Model,
    NotWrittenError,
    Reidentifier,
    Tracker,
)

AnyModel = Detector | Interactor | Tracker[Any] | Reidentifier


class ModelError(Exception):
    """The name in `model.json` does not refer to one model of the right type."""


def load_model(assets: Assets, device: Device) -> AnyModel:
    """Return the function's model with its weights loaded, but not warmed up.

    Raises:
        ModelError: see `find_model`; or the class and the function differ in type.
        ParamsError: the model does not accept the function's `params`.
        Exception: whatever importing its module or loading the weights raises.
    """
    model_class = find_model(assets.model)
    if model_class.kind != assets.type:
        raise ModelError(
            f"{assets.model} is a {model_class.kind}, but {assets.name} is declared "
            f"as type {assets.type!r}"
        )
    model = model_class()
    if not isinstance(model, Detector | Interactor | Tracker | Reidentifier):
        raise ModelError(
            f"{assets.model} must derive from Detector, Interactor, Tracker or Reidentifier"
        )
    model.load(assets, device)
    assets.params.require_read(assets.model)
    return model


def warm_up(model: AnyModel) -> None:
    """Run the model once, so that the first request is not the slow one.

    A model that is not written yet starts anyway, to answer each request with where to write it.

    Raises:
        Exception: whatever else the model raises.
    """
    with suppress(NotWrittenError):
        model.warm_up()


def find_model(reference: str) -> type[Model]:
    """Return the class `module:Class`, or the only model that `module` defines.

    Raises:
        ModelError: the class does not exist, is not a model, or lacks methods;
            for a module alone: it does not define exactly one model.
    """
    module_name, _, class_name = reference.partition(":")
    module = importlib.import_module(module_name)
    if not class_name:
        return _only_model(module)
    found = getattr(module, class_name, None)
    if not (inspect.isclass(found) and issubclass(found, Model)):
        raise ModelError(f"{module_name} does not have a model class {class_name!r}")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise ModelError(f"{reference} lacks {missing}")
    return found


def _only_model(module: ModuleType) -> type[Model]:
    own = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Model)
        and value.__module__ == module.__name__
    ]
    whole = [value for value in own if not inspect.isabstract(value)]
    if len(whole) == 1:
        return whole[0]
    if whole:
        names = ", ".join(value.__name__ for value in whole)
        raise ModelError(
            f"{module.__name__} defines several models ({names}); "
            f"name one as {module.__name__}:{whole[0].__name__}"
        )
    unfinished = "".join(
        f"; {value.__name__} lacks {', '.join(sorted(value.__abstractmethods__))}" for value in own
    )
    raise ModelError(f"{module.__name__} does not define a model class{unfinished}")
