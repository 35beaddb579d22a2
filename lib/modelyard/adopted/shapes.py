"""Decodes the replies of interactors, trackers and re-identifications.

Those of detectors are in `modelyard.adopted.detections`. What CVAT cannot read raises
`AuthorError`, which names the place.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from modelyard.adopted.errors import AuthorError
from modelyard.annotation import Polygon, Rectangle, Segment, Shape
from modelyard.imaging import fill

ResultT = TypeVar("ResultT")

_CORNERS, _TRIANGLE = 4, 6


def segment(reply: Any, size: tuple[int, int]) -> Segment:
    """Return an interactor's segmentation of an image of this width and height.

    In the first protocol, a list of points, it is the enclosed area.

    Raises:
        AuthorError: it is neither that nor an object with a mask.
    """
    if isinstance(reply, list):
        return placed(lambda points: _enclosed(points, size), reply, "the outline")
    if not isinstance(reply, Mapping) or "mask" not in reply:
        keys = f" with {', '.join(reply)}" if isinstance(reply, Mapping) else ""
        raise AuthorError(f"an interactor replied with {kind_of(reply)}{keys} instead of a mask")
    return placed(_segment, reply, "the mask")


def tracked(reply: Any, count: int) -> list[tuple[Shape | None, Any]]:
    """Return shape (None: lost) and state of each of `count` objects from a tracker's reply.

    Raises:
        AuthorError: it does not have that many of both.
    """
    if not isinstance(reply, Mapping):
        raise AuthorError(f"a tracker replied with {kind_of(reply)} instead of an object")
    shapes, states = reply.get("shapes"), reply.get("states")
    for name, listed in (("shapes", shapes), ("states", states)):
        if not isinstance(listed, list) or len(listed) != count:
            raise AuthorError(f"a tracker replied with {name} of {kind_of(listed)}, not {count}")
    return [
        (placed(_tracked, shape, f"shapes[{index}]"), state)
        for index, (shape, state) in enumerate(zip(shapes or (), states or (), strict=True))
    ]


def matches(reply: Any) -> list[int]:
    """Return the indices of a re-identification's reply.

    Raises:
        AuthorError: it is not a list of whole numbers.
    """
    if not isinstance(reply, list) or not all(type(index) is int for index in reply):
        raise AuthorError(f"a re-identification replied with {kind_of(reply)}, not with indices")
    return reply


def placed(make: Callable[[Any], ResultT], value: Any, where: str) -> ResultT:
    """Return `make(value)`.

    Raises:
        AuthorError: it fails; `where` is the place in the author's reply.
    """
    try:
        return make(value)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        kind = type(error).__name__ if isinstance(error, LookupError) else "cannot be used"
        raise AuthorError(f"{where} of the author's reply: {kind}: {error}") from None


def _enclosed(points: Sequence[Sequence[float]], size: tuple[int, int]) -> Segment:
    outline = tuple(float(number) for point in points for number in point)
    return Segment(fill(outline, size), polygon=outline)


def _segment(reply: Mapping[str, Any]) -> Segment:
    points = [number for point in reply.get("points") or () for number in point]
    if len(points) < _TRIANGLE:
        # CVAT's editor traces the mask itself where there is no outline.
        points = []
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


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return {dict: "an object", str: "text", type(None): "nothing"}.get(type(value), "a number")
