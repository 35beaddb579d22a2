"""Encodes replies as the JSON that CVAT reads: compact, finite, plain types.

Coordinates are rounded to hundredths of a pixel and scores to four digits. A
function's errors (undeclared label, wrong number of results) raise `AnnotationError`: CVAT
would silently drop the result or fail in the browser.
"""

import operator
from collections.abc import Iterable, Sequence
from typing import Any, assert_never

import msgspec
import numpy as np

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.bitmaps import flat_json, nested_json
from modelyard.annotation.clipping import Size, clip
from modelyard.annotation.conformance import conform
from modelyard.annotation.errors import AnnotationError, RequestError
from modelyard.annotation.extents import bounding_box, rectangle_corners
from modelyard.annotation.labels import LabelSet
from modelyard.annotation.requests import ReidRequest
from modelyard.annotation.rle import encode_rle
from modelyard.annotation.segments import Segment
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
from modelyard.annotation.tracking import TrackerRequest


class _Element(msgspec.Struct, omit_defaults=True):
    """A joint of a skeleton as CVAT reads it."""

    label: str
    type: str
    points: list[float]
    outside: int
    attributes: tuple[Attribute, ...] = ()


class _Item(msgspec.Struct, omit_defaults=True):
    """One detection as CVAT reads it; absent fields are left out."""

    label: str
    type: str
    confidence: float | None = None
    points: list[float] | None = None
    rotation: float | None = None
    mask: msgspec.Raw | None = None
    elements: list[_Element] | None = None
    attributes: tuple[Attribute, ...] = ()
    group_id: int | None = None


def encode_detections(shapes: Iterable[Shape], labels: LabelSet | None, size: Size) -> bytes:
    """Encode a detector's reply: a JSON list with one item per shape.

    Shapes are clipped to the image, and dropped if outside. A polyline that leaves the image
    and returns becomes one item per visible piece.

    Args:
        shapes: The model's detections.
        labels: The labels that the function declares; None skips that check.
        size: Width and height of the image in pixels.

    Raises:
        LabelError: a label, sublabel or attribute that is not declared.
    """
    checked = shapes if labels is None else (conform(shape, labels) for shape in shapes)
    return msgspec.json.encode([_item(part) for shape in checked for part in clip(shape, size)])


def encode_segment(segment: Segment) -> bytes:
    """Encode an interactor's reply `{"mask": [[0,1,…],…], "points"?, "bounds"?}`.

    Raises:
        RequestError: 422, the mask is empty. CVAT's editor fails on an empty mask, while a
            status tells its user that the model found nothing.
    """
    if not segment.mask.any():
        raise RequestError(422, "no object found here: move the clicks or the box, or add some")
    reply: dict[str, object] = {"mask": msgspec.Raw(nested_json(segment.mask))}
    if segment.polygon is not None:
        reply["points"] = np.reshape(_rounded(segment.polygon), (-1, 2)).tolist()
    if segment.bounds is not None:
        reply["bounds"] = segment.bounds
    return msgspec.json.encode(reply)


def encode_tracks(
    shapes: Sequence[Shape | None],
    states: Sequence[Any],
    request: TrackerRequest,
    size: Size,
) -> bytes:
    """Encode a tracker's reply in the format of its request.

    Shapes are clipped to the image; one outside it is lost, like None. The formats for boxes
    get the bounding box of any shape, which is what CVAT shows; for a rotated rectangle they
    get the corners, which CVAT itself converts to that box.
    CVAT versions that repeat the previous shapes beside the states do not support lost objects
    and get the previous shape back.

    Args:
        shapes: One per object in the request's order; None for a lost one. Only the
            geometry is sent.
        states: One per object: msgspec structs or JSON values, numpy numbers and arrays
            allowed, but not None, which would restart tracking.
        request: The request to answer.
        size: Width and height of the image in pixels.

    Raises:
        AnnotationError: there is not one shape and one state per object, or one of them
            cannot be sent.
    """
    _check_length("shapes", shapes, len(request.shapes))
    _check_length("states", states, len(request.shapes))
    if any(state is None for state in states):
        raise AnnotationError("a state is None, which CVAT reads as no state")
    objects = request.interface == "objects"
    sent = [
        _tracked(shape, previous, size, objects=objects)
        for shape, previous in zip(shapes, request.shapes, strict=True)
    ]
    if request.interface == "legacy_single":
        return _encode_states({"shape": sent[0], "state": states[0]})
    return _encode_states({"shapes": sent, "states": states})


def encode_matches(matches: Sequence[int], request: ReidRequest) -> bytes:
    """Encode a re-identification reply: for each box of `boxes0` its match or -1.

    Args:
        matches: Indices into `boxes1`, each at most once, or -1; numpy integers allowed.
        request: The request to answer.

    Raises:
        AnnotationError: there is not one number per box, or an index is out of range or used
            twice.
    """
    indices = [operator.index(match) for match in matches]
    _check_length("matches", indices, len(request.boxes0))
    used = [index for index in indices if index != -1]
    stray = [index for index in used if not 0 <= index < len(request.boxes1)]
    if stray:
        raise AnnotationError(f"a match is {stray[0]}, not -1 and not an index into boxes1")
    if len(set(used)) != len(used):
        raise AnnotationError("matches pair two boxes of boxes0 with the same box of boxes1")
    return msgspec.json.encode(indices)


def _item(shape: Shape) -> _Item:
    item = _Item(
        shape.label,
        shape.kind,
        confidence=None if shape.confidence is None else round(shape.confidence, 4),
        attributes=shape.attributes,
        group_id=shape.group_id,
    )
    match shape:
        case Tag():
            pass
        case Skeleton():
            item.elements = [_element(joint) for joint in shape.elements]
        case Mask():
            item.mask = msgspec.Raw(_mask_crop(shape))
            item.points = _rounded(shape.polygon) if shape.polygon else None
        case Rectangle() | Ellipse():
            item.points = _points(shape)
            item.rotation = round(shape.rotation, 2) or None
        case Polygon() | Polyline() | Points() | Cuboid():
            item.points = _points(shape)
        case _:
            assert_never(shape)
    return item


def _element(joint: Keypoint) -> _Element:
    points = _rounded(joint.point)
    return _Element(joint.label, "points", points, int(joint.outside), joint.attributes)


def _points(shape: Rectangle | Ellipse | Polygon | Polyline | Points | Cuboid) -> list[float]:
    match shape:
        case Rectangle():
            return _rounded(shape.box)
        case Ellipse():
            # CVAT expects the centre, then x of the rightmost and y of the topmost point.
            (x, y), (horizontal, vertical) = shape.center, shape.radii
            return _rounded((x, y, x + horizontal, y - vertical))
        case _:
            return _rounded(shape.points)


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(number, 2) for number in numbers]


def _mask_crop(mask: Mask) -> bytes:
    """Return the pixels of the crop and then its box with inclusive right and bottom."""
    height, width = mask.bitmap.shape
    box = (mask.left, mask.top, mask.left + width - 1, mask.top + height - 1)
    return b"[%b%d,%d,%d,%d]" % (flat_json(mask.bitmap), *box)


def _tracked(
    shape: Shape | None, previous: Shape | None, size: Size, *, objects: bool
) -> list[float] | dict[str, object] | None:
    rotated = isinstance(shape, Rectangle) and bool(shape.rotation)
    if isinstance(shape, Rectangle) and rotated:
        # Tracker replies have no field for the angle, but lists of boxes may contain corners.
        box = Rectangle(shape.label, bounding_box(shape))
        shape = (
            box
            if objects
            else Polygon(shape.label, tuple(rectangle_corners(shape).ravel().tolist()))
        )
    found = next(iter(clip(shape, size)), None) if shape is not None else None
    if found is None and not objects:
        found, rotated = previous, False
    if found is None:
        return None
    if isinstance(found, Tag | Skeleton):
        raise AnnotationError(f"a tracker cannot report a {found.kind}")
    if not objects:
        if rotated and isinstance(found, Polygon):
            return _rounded(found.points)
        return _rounded(bounding_box(found))
    if isinstance(found, Mask):
        return {"type": found.kind, "points": encode_rle(found.bitmap, found.left, found.top)}
    return {"type": found.kind, "points": _points(found)}


def _encode_states(reply: dict[str, object]) -> bytes:
    try:
        return msgspec.json.encode(reply, enc_hook=_plain)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise AnnotationError(f"a tracker's state is not JSON: {error}") from None


def _plain(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be converted to JSON")


def _check_length(name: str, values: Sequence[object], expected: int) -> None:
    if len(values) != expected:
        raise AnnotationError(f"{name} must be {expected}, one per object, not {len(values)}")
