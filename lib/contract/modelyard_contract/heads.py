"""The heads that decode networks without code, and their options."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Channels = Literal["rgb", "bgr", "gray"]
Resize = Literal["stretch", "letterbox", "letterbox_top_left", "center_crop"]
Interpolation = Literal["bilinear", "bilinear_antialias", "bicubic_antialias"]
Activation = Literal["none", "sigmoid", "softmax"]
Background = Literal["none", "first", "last"]
Boxes = Literal["xyxy", "yxyx", "cxcywh"]
BoxUnit = Literal["fractions", "pixels"]
Suppression = Literal["class", "agnostic", "none"]
Task = Literal["detect", "segment", "pose", "obb"]
Score = Literal["product", "objectness"]

MODEL_API = "model_api"


class HeadOptionError(ValueError):
    """An option that is not accepted. `key` is its name, or None if that is wrong."""

    def __init__(self, key: str | None, value: Any, accepted: str) -> None:
        place = f"head_options[{key}]" if key else "head_options"
        super().__init__(f"{place} is {value!r}; {accepted}")
        self.key = key
        self.value = value
        self.accepted = accepted


@dataclass(frozen=True)
class _Option:
    usable: Callable[[Any], bool]
    accepted: str


def _one_of(*choices: object) -> _Option:
    return _Option(lambda value: value in choices, ", ".join(f'"{choice}"' for choice in choices))


def _whole(least: int, most: int) -> _Option:
    return _Option(
        lambda value: _is_whole(value, least, most), f"a whole number from {least} to {most}"
    )


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
    "channels": _one_of(*get_args(Channels)),
    "mean": _Option(
        lambda value: _all(value, 3, _is_number), "three numbers, one for each channel"
    ),
    "scale": _Option(
        lambda value: _all(value, 3, lambda number: _is_number(number) and number != 0),
        "three numbers other than 0, one for each channel",
    ),
    "resize": _one_of(*get_args(Resize)),
    "interpolation": _one_of(*get_args(Interpolation)),
    "padding": _whole(0, 255),
    "activation": _one_of(*get_args(Activation)),
    "first_id": _Option(lambda value: _is_whole(value, 0, 1), "0 or 1"),
    "background": _one_of(*get_args(Background)),
    "boxes": _one_of(*get_args(Boxes)),
    "box_unit": _one_of(*get_args(BoxUnit)),
    "nms_threshold": _Option(
        lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"
    ),
    "nms": _one_of(*get_args(Suppression)),
    "limit": _whole(1, 10000),
    "task": _one_of(*get_args(Task)),
    "kpt_shape": _Option(
        lambda value: (
            _all(value, 2, lambda number: _is_whole(number, 1, 1000)) and value[1] in {2, 3}
        ),
        "number of joints and 2 or 3, the values of each, such as [17, 3]",
    ),
    "score": _one_of(*get_args(Score)),
}
_SPECIAL = {"task", "kpt_shape", "score"}
_COMMON = tuple(option for option in OPTIONS if option not in _SPECIAL)

# The options of each head. Files for `MODEL_API` contain the others.
HEADS: Mapping[str, Collection[str]] = {
    "yolov8": (*_COMMON, "task", "kpt_shape"),
    "yolov5": (*_COMMON, "score"),
    "yolox": _COMMON,
    "end2end": (*_COMMON, "task", "kpt_shape"),
    "ssd": _COMMON,
    "detr": (*_COMMON, "task"),
    "retinanet": _COMMON,
    "segmentation": _COMMON,
    "classification": _COMMON,
    MODEL_API: ("channels",),
}


def check_options(options: Mapping[str, Any], known: Collection[str] = tuple(OPTIONS)) -> None:
    """Check that `options` are `known` and valid; see `HEADS`.

    Raises:
        HeadOptionError: one is unknown or its value is not accepted.
    """
    for key, value in options.items():
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            meant = f"did you mean {close[0]!r}? " if close else ""
            raise HeadOptionError(None, key, f"{meant}accepted: {', '.join(known)}")
        if not OPTIONS[key].usable(value):
            raise HeadOptionError(key, value, f"accepted: {OPTIONS[key].accepted}")
