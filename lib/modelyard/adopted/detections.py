"""Reads a detector's reply as CVAT does.

Authors send scores as text or not at all, and numbers of any type. What CVAT would drop or
ignore is left out, with a warning the first time, and the rest of the picture is kept: an object
whose label or type the function does not declare, or whose points are not enough for its type; a
mask that does not fill its box; a score or an attribute that cannot be read. What CVAT refuses,
and with it the picture, raises `AuthorError`, which names the place.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from modelyard.adopted.errors import AuthorError
from modelyard.adopted.shapes import kind_of, placed
from modelyard.annotation import (
    Attribute,
    Bitmap,
    Cuboid,
    Ellipse,
    Keypoint,
    Label,
    LabelSet,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    ShapeError,
    Skeleton,
    Tag,
)

Made = Callable[[Mapping[str, Any], str, dict[str, Any]], Shape]


class DetectionReader:
    """Reads the replies of one function, and warns of everything once."""

    def __init__(self, labels: LabelSet | None, warn: Callable[[str], None]) -> None:
        """Expect the declared `labels`; None: do not check them."""
        self._labels = labels
        self._warn = warn
        self._warned: set[tuple[str, ...]] = set()

    def read(self, reply: Any) -> list[Shape]:
        """Return the shapes of a reply, a list of `{label, type, points, …}`.

        Raises:
            AuthorError: CVAT would refuse it.
        """
        if not isinstance(reply, list):
            raise AuthorError(f"a detector replied with {kind_of(reply)} instead of a list")
        read = (placed(self._shape, item, f"item {index}") for index, item in enumerate(reply))
        return [shape for shape in read if shape is not None]

    def _shape(self, item: Any) -> Shape | None:
        name, kind = str(item["label"]), item["type"]
        label = self._declared(name)
        if self._labels is not None and label is None:
            text = f"{name!r} is detected, but not among the function's labels"
            self._left_out(text, "label", name)
            return None
        if kind not in _SHAPES:
            raise ValueError(f"unknown type of shape {kind!r}")
        if label is not None and not label.accepts(kind):
            text = f"a {kind} of {name!r} is left out: that label is for {label.type} shapes"
            self._left_out(text, "type", name, kind)
            return None
        more: dict[str, Any] = {
            "confidence": self._score(item, name),
            "attributes": self._attributes(item, label, name),
            "group_id": item.get("group_id"),
        }
        # Any shape checks its group, which CVAT does too.
        Tag(name, group_id=more["group_id"])
        try:
            if kind == "skeleton":
                return self._skeleton(item, label, name, more)
            return _SHAPES[kind](item, name, more)
        except ShapeError as error:
            self._left_out(f"a {kind} of {name!r} is left out: {error}", "shape", kind)
            return None

    def _declared(self, name: str) -> Label | None:
        known = self._labels is not None and name in self._labels.names
        return self._labels.by_name(name) if self._labels is not None and known else None

    def _score(self, item: Mapping[str, Any], name: str) -> float | None:
        given = item.get("confidence")
        if given is None:
            return None
        try:
            score = float(given)
            # Any shape checks its score.
            Tag(name, confidence=score)
        except (TypeError, ValueError):
            self._left_out(f"the score {given!r} is ignored: 0 to 1 is expected", "score")
            return None
        return score

    def _attributes(
        self, item: Mapping[str, Any], label: Label | None, where: str
    ) -> tuple[Attribute, ...]:
        declared = None if label is None else {each.name: each for each in label.attributes}
        kept = []
        for each in item.get("attributes") or ():
            attribute = Attribute(str(each["name"]), each["value"])
            if declared is not None:
                known = declared.get(attribute.name)
                if known is None or not known.accepts(attribute.value):
                    what = f"{attribute.name!r} of {where!r}"
                    why = f"cannot be {attribute.value!r}" if known else "is not declared"
                    self._left_out(f"the attribute {what} is left out: it {why}", "named", what)
                    continue
            kept.append(attribute)
        return tuple(kept)

    def _skeleton(
        self, item: Mapping[str, Any], label: Label | None, name: str, more: dict[str, Any]
    ) -> Shape | None:
        declared = None if label is None else {each.name: each for each in label.sublabels}
        joints = []
        for element in item["elements"]:
            joint = str(element["label"])
            if declared is not None and joint not in declared:
                text = f"the joint {joint!r} of {name!r} is left out: it is not declared"
                self._left_out(text, "joint", name, joint)
                continue
            joints.append(
                Keypoint(
                    joint,
                    _point(element),
                    outside=bool(element.get("outside")),
                    attributes=self._attributes(element, (declared or {}).get(joint), joint),
                )
            )
        if not joints:
            text = f"a skeleton of {name!r} is left out: it has no joints"
            self._left_out(text, "empty", name)
            return None
        return Skeleton(name, tuple(joints), **more)

    def _left_out(self, text: str, *key: str) -> None:
        """Warn, unless the same has been said; the text may differ in numbers."""
        if key not in self._warned:
            self._warned.add(key)
            self._warn(text)


def _mask(item: Mapping[str, Any], label: str, more: dict[str, Any]) -> Shape:
    polygon = item.get("points") or None
    outline = None if polygon is None or len(polygon) < 2 * Polygon.minimum else _numbers(polygon)
    return Mask(label, *_crop(_numbers(item["mask"])), polygon=outline, **more)


def _ellipse(item: Mapping[str, Any], label: str, more: dict[str, Any]) -> Shape:
    x, y, right, top = _four(item)
    return Ellipse(label, (x, y), (right - x, y - top), **more, rotation=_rotation(item))


def _rotation(item: Mapping[str, Any]) -> float:
    return item.get("rotation") or 0.0


_SHAPES: Final[Mapping[str, Made]] = {
    "tag": lambda _, label, more: Tag(label, **more),
    "mask": _mask,
    "ellipse": _ellipse,
    "skeleton": lambda item, label, more: Skeleton(label, (), **more),
    "rectangle": lambda item, label, more: Rectangle(
        label, _four(item), **more, rotation=_rotation(item)
    ),
    "polygon": lambda item, label, more: Polygon(label, _numbers(item["points"]), **more),
    "polyline": lambda item, label, more: Polyline(label, _numbers(item["points"]), **more),
    "points": lambda item, label, more: Points(label, _numbers(item["points"]), **more),
    "cuboid": lambda item, label, more: Cuboid(label, _numbers(item["points"]), **more),
}


def _four(item: Mapping[str, Any]) -> tuple[float, float, float, float]:
    points = _numbers(item["points"])
    if len(points) != 4:
        raise ShapeError(f"it needs 4 numbers, not {len(points)}")
    return points[0], points[1], points[2], points[3]


def _point(element: Mapping[str, Any]) -> tuple[float, float]:
    points = _numbers(element["points"])
    if len(points) != 2:
        raise ShapeError(f"a joint needs 2 numbers, not {len(points)}")
    return points[0], points[1]


def _numbers(values: Any) -> tuple[float, ...]:
    """Return flat numbers from a list of numbers or of points.

    Raises:
        TypeError: CVAT could not read them.
    """
    if not isinstance(values, list):
        raise TypeError(f"{kind_of(values)} in place of numbers")
    flat = [number for each in values for number in (each if isinstance(each, list) else (each,))]
    try:
        return tuple(float(number) for number in flat)
    except ValueError as error:
        raise TypeError(str(error)) from None


def _crop(numbers: Sequence[float]) -> tuple[Bitmap, int, int]:
    """Return bitmap, left and top of CVAT's mask: pixels row by row, then the inclusive box."""
    left, top, right, bottom = (
        (int(number) for number in numbers[-4:]) if len(numbers) > 4 else [0] * 4
    )
    width, height = right - left + 1, bottom - top + 1
    pixels = np.asarray(numbers[:-4]) != 0
    if width < 1 or height < 1 or len(pixels) != width * height:
        raise ShapeError("its pixels do not fill the box that ends it: left, top, right, bottom")
    return pixels.reshape(height, width), left, top
