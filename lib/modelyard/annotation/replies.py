"""The client's side: decodes replies to shapes, and enforces CVAT's rules.

Each function takes a reply's decoded JSON, returns our own types and raises `ReplyError` where
CVAT would fail, silently drop the item, or draw garbage.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.clipping import Size
from modelyard.annotation.conformance import conform
from modelyard.annotation.labels import LabelSet
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.rle import decode_rle
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Keypoint,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
)

_COUNTED: Final = {"polygon": 3, "polyline": 2, "points": 1, "cuboid": 8}
_MASK_BOX: Final = 4


class ReplyError(Exception):
    """CVAT would not read this reply as intended."""


def detections(reply: Any, labels: LabelSet | None = None, size: Size | None = None) -> list[Shape]:
    """Return a detector's shapes.

    Args:
        reply: The decoded JSON.
        labels: The declared labels, to check the shapes against; None: do not check.
        size: Width and height of the image in pixels, to check that all shapes are in it;
            None: do not check, for functions that do not clip their results.

    Raises:
        ReplyError: CVAT cannot read the reply.
        LabelError: a label, sublabel or attribute that is not declared.
    """
    _require(isinstance(reply, list), "a detector replies with a list")
    try:
        shapes = [_shape(item, labels, size) for item in reply]
    except (KeyError, TypeError, ValueError) as error:
        raise ReplyError(f"CVAT cannot read an item: {error!r}") from error
    return shapes if labels is None else [conform(shape, labels) for shape in shapes]


def segment(reply: Any, size: Size) -> Bitmap:
    """Return an interactor's mask [height, width] of the whole image."""
    _require(isinstance(reply, dict) and "mask" in reply, "an interactor replies with a mask")
    mask = np.array(reply["mask"])
    _require(mask.ndim == 2 and set(np.unique(mask)) <= {0, 1, 255}, "the mask is not a 2-D bitmap")
    _require(bool(mask.any()), "the mask is empty")
    if "points" in reply:
        outline = np.array(reply["points"], dtype=float)
        _require(outline.ndim == 2 and outline.shape[1] == 2, "points are not [x, y] pairs")
        _flat(outline.ravel().tolist(), size)
    if "bounds" not in reply:
        _require(mask.shape == (size[1], size[0]), f"the mask is {mask.shape}, the image {size}")
        return mask.astype(np.bool_)
    left, top, right, bottom = reply["bounds"]
    _require(mask.shape == (bottom - top + 1, right - left + 1), "the mask does not fit its bounds")
    whole = np.zeros((size[1], size[0]), np.bool_)
    whole[top : bottom + 1, left : right + 1] = mask
    return whole


def tracked(reply: Any, count: int, size: Size) -> tuple[list[Any], list[Any]]:
    """Return shapes (None: lost) and states of a tracker's reply for `count` objects."""
    _require(isinstance(reply, dict) and "states" in reply, "a tracker replies with states")
    shapes, states = reply["shapes"], reply["states"]
    _require(len(shapes) == len(states) == count, f"not {count} shapes and states")
    for shape in shapes:
        if isinstance(shape, Mapping) and shape["type"] == "mask":
            decode_rle(shape["points"])
        elif shape is not None:
            _flat(shape["points"] if isinstance(shape, Mapping) else shape, size)
    return shapes, states


def matches(reply: Any, first: int, second: int) -> list[int]:
    """Return a re-identification's list of matches, one for each of `first` boxes."""
    _require(isinstance(reply, list) and len(reply) == first, f"not one number for {first} boxes")
    _require(all(type(number) is int for number in reply), "a match is not a whole number")
    _require(all(-1 <= number < second for number in reply), "a match does not exist")
    partners = [number for number in reply if number >= 0]
    _require(len(set(partners)) == len(partners), "a box would enter two tracks")
    return [int(number) for number in reply]


def _shape(item: Any, labels: LabelSet | None, size: Size | None) -> Shape:
    _require({"label", "type"} <= set(item), "an item lacks its label or type, which is a 500")
    _require("elements" not in item or item["type"] == "skeleton", "elements without a skeleton")
    label, kind = item["label"], item["type"]
    more = _common(item)
    if kind == "tag":
        _require("points" not in item and "mask" not in item, "a tag does not have points")
        return Tag(label, **more)
    if kind == "mask":
        return Mask(label, *_crop(item["mask"], size), polygon=item.get("points"), **more)
    if kind == "skeleton":
        joints = tuple(_joint(element, size) for element in item["elements"])
        if labels is not None:
            declared = [joint.name for joint in labels.by_name(label).sublabels]
            given = [joint.label for joint in joints]
            _require(given == declared, "the joints are not as declared")
        _require(
            not all(joint.outside for joint in joints), "CVAT drops it: all joints are outside"
        )
        return Skeleton(label, joints, **more)
    rotation = item.get("rotation", 0)
    _require(0 <= rotation < 360, "a rotation must be 0 to 360")
    if kind == "ellipse":
        x, y, right, top = points = item["points"]
        _flat(points[:2], size)
        _require(right >= x and top <= y, "an ellipse is centre, right, top")
        return Ellipse(label, (x, y), (right - x, y - top), rotation=rotation, **more)
    if kind == "rectangle":
        box = _flat(item["points"], size)
        _require(len(box) == 4 and box[0] < box[2] and box[1] < box[3], "no rectangle")
        return Rectangle(label, (box[0], box[1], box[2], box[3]), rotation=rotation, **more)
    return _pointed(kind, label, item["points"], size, more)


def _pointed(kind: str, label: str, numbers: Any, size: Size | None, more: dict[str, Any]) -> Shape:
    _require(kind in _COUNTED, f"CVAT knows no {kind!r}")
    flat = tuple(_flat(numbers, size))
    _require(len(flat) >= 2 * _COUNTED[kind], f"too few points for a {kind}")
    shapes: dict[str, Callable[..., Shape]] = {
        "polygon": Polygon,
        "polyline": Polyline,
        "points": Points,
        "cuboid": Cuboid,
    }
    return shapes[kind](label, flat, **more)


def _common(item: Mapping[str, Any]) -> dict[str, Any]:
    attributes = []
    for attribute in item.get("attributes", []):
        _require(isinstance(attribute["value"], str), "an attribute's value is not text")
        attributes.append(Attribute(attribute["name"], attribute["value"]))
    # CVAT's own functions send scores as text.
    confidence = item.get("confidence")
    group = item.get("group_id")
    _require(group is None or (type(group) is int and group >= 0), "not a group number")
    return {
        "attributes": tuple(attributes),
        "group_id": group,
        "confidence": None if confidence is None else float(confidence),
    }


def _joint(element: Mapping[str, Any], size: Size | None) -> Keypoint:
    _require(element["type"] == "points" and len(element["points"]) == 2, "a joint is one point")
    _require(element["outside"] in (0, 1), "outside is 0 or 1")
    x, y = _flat(element["points"], size)
    return Keypoint(element["label"], (x, y), outside=bool(element["outside"]))


def _crop(numbers: Any, size: Size | None) -> tuple[Bitmap, int, int]:
    """Return the pixels of a mask, and left and top of its inclusive box."""
    _require(all(type(number) is int for number in numbers), "a mask holds whole numbers")
    left, top, right, bottom = numbers[-_MASK_BOX:]
    _require(0 <= left <= right and 0 <= top <= bottom, "the corners of a mask's box are swapped")
    if size is not None:
        _require(right < size[0] and bottom < size[1], "the box of a mask is not in the image")
    width, height = right - left + 1, bottom - top + 1
    _require(len(numbers) == width * height + _MASK_BOX, "CVAT would draw garbage: wrong length")
    pixels = np.array(numbers[:-_MASK_BOX])
    _require(bool(pixels.any()), "the mask is empty")
    return pixels.reshape(height, width).astype(np.bool_), left, top


def _flat(numbers: Any, size: Size | None) -> list[float]:
    """Return x, y, … unchanged, if all are numbers and in the image."""
    _require(len(numbers) % 2 == 0, "an odd number of coordinates")
    for index, number in enumerate(numbers):
        _require(isinstance(number, int | float) and math.isfinite(number), "not a finite number")
        if size is not None:
            _require(0 <= number <= size[index % 2], f"{number} is not in an image of {size}")
    return list(numbers)


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ReplyError(complaint)
