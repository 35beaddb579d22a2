"""Parses and checks a tracker's request in its three formats.

CVAT 1.4 sends one object at a time; later versions send lists of flat boxes; functions
that declare `supported_shape_types` get lists of `{type, points}`. In every format a
missing or null state means that tracking of that object starts with this image.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from modelyard.annotation import fields
from modelyard.annotation.coordinates import as_box
from modelyard.annotation.errors import ShapeError
from modelyard.annotation.extents import bounding_box
from modelyard.annotation.fields import Body
from modelyard.annotation.rle import decode_rle
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
)

TrackedShape = Rectangle | Polygon | Polyline | Points | Ellipse | Cuboid | Mask
"""Shapes that can be tracked."""

# Numbers of the shortest outline: three corners.
_OUTLINE: Final = 6

TrackerInterface = Literal["legacy_single", "rectangles", "objects"]


class TrackerRequest(msgspec.Struct, frozen=True):
    """Objects to start tracking in an image, or to locate in it.

    Attributes:
        image: The image file.
        shapes: One per object, label ""; not to be read if there is a state.
        states: One per object: the function's previous state, as decoded JSON. None means
            that tracking of this object starts here, and then it has a shape.
        interface: The request's format, which the reply must match.
    """

    image: bytes
    shapes: tuple[TrackedShape | None, ...]
    states: tuple[Any | None, ...]
    interface: TrackerInterface


def parse_tracker(body: Body, *, objects: bool = False) -> TrackerRequest:
    """Parse a tracker's request in any of its three formats.

    Args:
        body: The request.
        objects: Whether the function declares `supported_shape_types`. The follow-up
            requests of newer CVAT only have null shapes, which do not show the format. Lists
            of numbers come from a CVAT that does not support these types.

    Raises:
        RequestError: 400, the request is malformed.
    """
    payload = fields.load(body)
    raw_shapes, states, interface = _form(payload, objects=objects)
    if len(states) > len(raw_shapes):
        raise fields.bad(
            f"states: expected at most one for each of {len(raw_shapes)} shapes, not {len(states)}"
        )
    states += [None] * (len(raw_shapes) - len(states))
    shapes = tuple(_shape(value, f"shapes[{i}]") for i, value in enumerate(raw_shapes))
    for index, (shape, state) in enumerate(zip(shapes, states, strict=True)):
        if shape is None and state is None:
            raise fields.bad(f"shapes[{index}]: expected a shape, since there is no state for it")
    return TrackerRequest(fields.image(payload, "image"), shapes, tuple(states), interface)


def _form(
    payload: Mapping[str, Any], *, objects: bool
) -> tuple[list[Any], list[Any], TrackerInterface]:
    """Return the format, and the shapes and states as lists."""
    if "shapes" not in payload and "shape" in payload:
        return [payload["shape"]], [payload.get("state")], "legacy_single"
    if "shapes" not in payload:
        raise fields.bad("shapes: expected a list with one shape per object, but it is missing")
    shapes = fields.listed(payload, "shapes")
    given = [shape for shape in shapes if shape is not None]
    if given:
        objects = any(isinstance(shape, Mapping) for shape in given)
    return shapes, fields.listed(payload, "states"), "objects" if objects else "rectangles"


def _shape(value: object, where: str) -> TrackedShape | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return _box(value, where)
    kind = fields.text(value.get("type"), f"{where}.type")
    if kind == "rectangle":
        return Rectangle("", fields.box(value.get("points"), f"{where}.points"))
    numbers = fields.coordinates(value.get("points"), f"{where}.points")
    try:
        return _typed(kind, numbers)
    except ShapeError as error:
        raise fields.bad(f"{where}: {error}") from None


def _box(value: object, where: str) -> Rectangle:
    """Read a box, or the corners of an outline, which a client may return from a reply."""
    if isinstance(value, list | tuple) and len(value) >= _OUTLINE and not len(value) % 2:
        return Rectangle("", bounding_box(Polygon("", fields.coordinates(value, where))))
    return Rectangle("", fields.box(value, where))


def _typed(kind: str, numbers: tuple[float, ...]) -> TrackedShape:
    match kind:
        case "polygon":
            return Polygon("", numbers)
        case "polyline":
            return Polyline("", numbers)
        case "points":
            return Points("", numbers)
        case "cuboid":
            return Cuboid("", numbers)
        case "ellipse":
            x, y, right, top = as_box(numbers)
            return Ellipse("", (x, y), (right - x, y - top))
        case "mask":
            return Mask("", *decode_rle(numbers))
    raise ShapeError("type must be rectangle, polygon, polyline, points, ellipse, cuboid or mask")
