"""The protocol between a function in development and its server."""

from typing import Final

import msgspec

HANDLER: Final = "modelyard.serving.worker.develop:handler"
RELOAD_PATH: Final = "/__internal/reload"


class Reloaded(msgspec.Struct, frozen=True):
    """The answer to RELOAD_PATH: how long it took, and whether the loaded weights were kept."""

    seconds: float
    kept: bool


class NotLoaded(msgspec.Struct, frozen=True):
    """The answer to any request while the code does not load: the reason and its location."""

    error: str
    traceback: list[str]


def own_package(model: str) -> str:
    """Return the top-level package of a model, such as `coco_ssd` for `coco_ssd.handler`."""
    return model.partition(":")[0].partition(".")[0]
