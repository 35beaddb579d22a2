"""Decodes shapes from replies in CVAT's JSON: the inverse of `modelyard.annotation.responses`.

Authors send scores as text or not at all, and numbers of any type. Invalid shapes raise
`AuthorError`, which names the place.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np

from modelyard.adopted.errors import AuthorError
from modelyard.annotation import (
    Attribute,
    Cuboid,
    Ellipse,
    Keypoint,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Segment,
    Shape,
    Skeleton,
    Tag,
)
from modelyard.imaging import fill

ResultT = TypeVar("ResultT")

_CORNERS: Final = 4


def detections(reply: Any) -> list[Shape]:
    """Return the shapes of a detector's reply, a list of `{label, type, points, …}`.

    Raises:
        AuthorError: it is not such a list.
    """
    if not isinstance(reply, list):
        raise AuthorError(f"a detector replied with {_kind(reply)} instead of a list")
    return [_placed(_shape, item, f"item {index}") for index, item in enumerate(reply)]


def segment(reply: Any, size: tuple[int, int]) -> Segment:
    """Return an interactor's segmentation of an image of this width and height.

    In the first protocol, a list of points, it is the enclosed area.

    Raises:
        AuthorError: it is neither that nor an object with a mask.
    """
    if isinstance(reply, list):
        return _placed(lambda points: _enclosed(points, size), reply, "the outline")
    if not isinstance(reply, Mapping) or "mask" not in reply:
        keys = f" with {', '.join(reply)}" if isinstance(reply, Mapping) else ""
        raise AuthorError(f"an interactor replied with {_kind(reply)}{keys} instead of a mask")
    return _placed(_segment, reply, "the mask")


def tracked(reply: Any, count: int) -> list[tuple[Shape | None, Any]]:
    """Return shape (None: lost) and state of each of `count` objects from a tracker's reply.

    Raises:
        AuthorError: it does not have that many of both.
    """
    if not isinstance(reply, Mapping):
        raise AuthorError(f"a tracker replied with {_kind(reply)} instead of an object")
    shapes, states = reply.get("shapes"), reply.get("states")
    for name, listed in (("shapes", shapes), ("states", states)):
        if not isinstance(listed, list) or len(listed) != count:
            raise AuthorError(f"a tracker replied with {name} of {_kind(listed)}, not {count}")
    return [
        (_placed(_tracked, shape, f"shapes[{index}]"), state)
        for index, (shape, state) in enumerate(zip(shapes or (), states or (), strict=True))
    ]


def matches(reply: Any) -> list[int]:
    """Return the indices of a re-identification's reply.

    Raises:
        AuthorError: it is not a list of whole numbers.
    """
    if not isinstance(reply, list) or not all(type(index) is int for index in reply):
        raise AuthorError(f"a re-identification replied with {_kind(reply)}, not with indices")
    return reply


def _placed(make: Callable[[Any], ResultT], value: Any, where: str) -> ResultT:
    try:
        return make(value)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        kind = type(error).__name__ if isinstance(error, LookupError) else "cannot be used"
        raise AuthorError(f"{where} of the author's reply: {kind}: {error}") from None


def _shape(item: Mapping[str, Any]) -> Shape:
    kind = item["type"]
    if kind not in _SHAPES:
        raise ValueError(f"unknown type of shape {kind!r}")
    return _SHAPES[kind](item, str(item["label"]), _common(item))


def _mask(item: Mapping[str, Any], label: str, more: dict[str, Any]) -> Shape:
    return Mask(label, *_crop(item["mask"]), polygon=item.get("points") or None, **more)


def _ellipse(item: Mapping[str, Any], label: str, more: dict[str, Any]) -> Shape:
    x, y, right, top = item["points"]
    return Ellipse(label, (x, y), (right - x, y - top), **more, rotation=_rotation(item))


def _skeleton(item: Mapping[str, Any], label: str, more: dict[str, Any]) -> Shape:
    return Skeleton(label, tuple(map(_keypoint, item["elements"])), **more)


def _rotation(item: Mapping[str, Any]) -> float:
    return item.get("rotation") or 0.0


_SHAPES: Final[Mapping[str, Callable[[Mapping[str, Any], str, dict[str, Any]], Shape]]] = {
    "tag": lambda _, label, more: Tag(label, **more),
    "mask": _mask,
    "ellipse": _ellipse,
    "skeleton": _skeleton,
    "rectangle": lambda item, label, more: Rectangle(
        label, item["points"], **more, rotation=_rotation(item)
    ),
    "polygon": lambda item, label, more: Polygon(label, item["points"], **more),
    "polyline": lambda item, label, more: Polyline(label, item["points"], **more),
    "points": lambda item, label, more: Points(label, item["points"], **more),
    "cuboid": lambda item, label, more: Cuboid(label, item["points"], **more),
}


def _common(item: Mapping[str, Any]) -> dict[str, Any]:
    confidence = item.get("confidence")
    return {
        "confidence": None if confidence is None else float(confidence),
        "attributes": _attributes(item),
        "group_id": item.get("group_id"),
    }


def _attributes(item: Mapping[str, Any]) -> tuple[Attribute, ...]:
    return tuple(Attribute(each["name"], each["value"]) for each in item.get("attributes") or ())


def _keypoint(element: Mapping[str, Any]) -> Keypoint:
    return Keypoint(
        str(element["label"]),
        element["points"],
        outside=bool(element.get("outside")),
        attributes=_attributes(element),
    )


def _crop(numbers: Sequence[float]) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], int, int]:
    """Return bitmap, left and top of CVAT's mask: pixels row by row, then the inclusive box."""
    left, top, right, bottom = (int(number) for number in numbers[-4:])
    pixels = np.asarray(numbers[:-4]) != 0
    return pixels.reshape(bottom - top + 1, right - left + 1), left, top


def _enclosed(points: Sequence[Sequence[float]], size: tuple[int, int]) -> Segment:
    outline = tuple(float(number) for point in points for number in point)
    return Segment(fill(outline, size), polygon=outline)


def _segment(reply: Mapping[str, Any]) -> Segment:
    points = [number for point in reply.get("points") or () for number in point]
    return Segment(
        np.asarray(reply["mask"]) != 0,
        polygon=tuple(points) or None,
        bounds=reply.get("bounds") or None,
    )


def _tracked(shape: Any) -> Shape | None:
    if not shape:
        return None
    points = shape["points"] if isinstance(shape, Mapping) else shape
    if len(points) == _CORNERS:
        return Rectangle("", points)
    return Polygon("", points)


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {dict: "an object", str: "text", type(None): "nothing"}.get(type(value), "a number")
