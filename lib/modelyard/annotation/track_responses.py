"""Encodes replies with one result for each object of the request: tracking, re-identification.

A function's errors (wrong number of results, a shape that CVAT does not track) raise
`AnnotationError`: CVAT would silently drop the result or fail in the browser.
"""

import operator
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from modelyard.annotation.clipping import Size, clip
from modelyard.annotation.errors import AnnotationError
from modelyard.annotation.extents import bounding_box, rectangle_corners
from modelyard.annotation.points import points_of, rounded
from modelyard.annotation.requests import ReidRequest
from modelyard.annotation.rle import encode_rle
from modelyard.annotation.shapes import Mask, Polygon, Rectangle, Shape, Skeleton, Tag
from modelyard.annotation.tracking import TrackerRequest


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
            return rounded(found.points)
        return rounded(bounding_box(found))
    if isinstance(found, Mask):
        return {"type": found.kind, "points": encode_rle(found.bitmap, found.left, found.top)}
    return {"type": found.kind, "points": points_of(found)}


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
