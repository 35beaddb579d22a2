"""The heads that read networks without code of their own, and what may be said of each.

Pure Python: no Pants imports. `inference.heads` reads what passes here, when the function loads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Callable, Mapping

HEADS = (
    "yolov8",
    "yolov5",
    "yolox",
    "ssd",
    "detr",
    "retinanet",
    "segmentation",
    "classification",
    # Its options are in the file.
    "model_api",
)


class HeadOptionError(ValueError):
    """An option the library would refuse. `key` is its name, or None when that is the fault."""

    def __init__(self, key: str | None, value: Any, accepted: str) -> None:
        super().__init__(accepted)
        self.key = key
        self.value = value
        self.accepted = accepted


@dataclass(frozen=True)
class _Option:
    usable: Callable[[Any], bool]
    accepted: str


def check_options(options: Mapping[str, Any]) -> None:
    """Raise `HeadOptionError` for an unknown option or a value that is not accepted."""
    for key, value in options.items():
        if key not in OPTIONS:
            raise HeadOptionError(None, key, f"accepted: {', '.join(OPTIONS)}")
        if not OPTIONS[key].usable(value):
            raise HeadOptionError(key, value, f"accepted: {OPTIONS[key].accepted}")


def _one_of(*choices: str) -> _Option:
    return _Option(lambda value: value in choices, ", ".join(f'"{choice}"' for choice in choices))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _all(value: Any, count: int, usable: Callable[[Any], bool]) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == count and all(map(usable, value))


OPTIONS: Mapping[str, _Option] = {
    "input_size": _Option(
        lambda value: _all(value, 2, lambda side: _is_whole(side, 16, 8192)),
        "width and height from 16 to 8192, such as [640, 640]",
    ),
    "channels": _one_of("rgb", "bgr"),
    "mean": _Option(
        lambda value: _all(value, 3, _is_number), "three numbers, one for each channel"
    ),
    "scale": _Option(
        lambda value: _all(value, 3, lambda number: _is_number(number) and number != 0),
        "three numbers other than 0, one for each channel",
    ),
    "resize": _one_of("stretch", "letterbox", "letterbox_top_left"),
    "padding": _Option(lambda value: _is_whole(value, 0, 255), "a whole number from 0 to 255"),
    "activation": _one_of("none", "sigmoid", "softmax"),
    "first_id": _Option(lambda value: _is_whole(value, 0, 1), "0 or 1"),
    "background": _one_of("none", "first", "last"),
    "boxes": _one_of("xyxy", "yxyx", "cxcywh"),
    "box_unit": _one_of("fractions", "pixels"),
    "nms_threshold": _Option(
        lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"
    ),
    "nms": _one_of("class", "agnostic", "none"),
    "limit": _Option(lambda value: _is_whole(value, 1, 10000), "a whole number from 1 to 10000"),
}
