"""What a function in development and the server in front of it agree on."""

from typing import Final

import msgspec

HANDLER: Final = "modelyard.serving.worker.develop:handler"
RELOAD_PATH: Final = "/__internal/reload"


class Reloaded(msgspec.Struct, frozen=True):
    """The answer to RELOAD_PATH: how long it took, and whether the loaded weights stayed."""

    seconds: float
    kept: bool


class NotLoaded(msgspec.Struct, frozen=True):
    """The answer to anything while the code does not load: the reason, and where it happened."""

    error: str
    traceback: list[str]


def own_package(model: str) -> str:
    """Return the top-level package of a model's name, such as `coco_ssd` of `coco_ssd.handler`."""
    return model.partition(":")[0].partition(".")[0]
