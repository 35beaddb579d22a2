"""The lines and dots of drawn shapes."""

import math
from collections.abc import Sequence
from typing import NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import (
    Cuboid,
    Ellipse,
    LabelSet,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
    rectangle_corners,
)
from modelyard.imaging.masks import polygons
from modelyard_contract.skeletons import read_drawing

Path = NDArray[np.float64]
"""float64 [N, 2]: the vertices x, y of a line."""

_ELLIPSE_CORNERS = 72


class Strokes(NamedTuple):
    """Closed lines, open lines, and dots float64 [N, 2] of a shape."""

    closed: Sequence[Path] = ()
    open: Sequence[Path] = ()
    dots: Path = np.empty((0, 2))


def strokes(shape: Shape, labels: LabelSet | None = None) -> Strokes:  # noqa: PLR0911 (one per kind)
    """Return the strokes of a shape in pixels of the image.

    Args:
        shape: Any shape; a tag has no strokes.
        labels: Defines the bones of skeletons; without it there are none.
    """
    match shape:
        case Tag():
            return Strokes()
        case Rectangle():
            return Strokes(closed=[rectangle_corners(shape)])
        case Ellipse():
            return Strokes(closed=[_ellipse(shape)])
        case Polygon():
            return Strokes(closed=[_vertices(shape.points)])
        case Mask():
            corner = np.array((shape.left, shape.top))
            return Strokes(closed=[outline + corner for outline in polygons(shape.bitmap)])
        case Polyline():
            return Strokes(open=[_vertices(shape.points)])
        case Points():
            return Strokes(dots=_vertices(shape.points))
        case Cuboid():
            vertices = _vertices(shape.points)
            uprights = [vertices[edge : edge + 2] for edge in (0, 2, 4, 6)]
            return Strokes(closed=[vertices[0::2], vertices[1::2]], open=uprights)
        case Skeleton():
            visible = {joint.label: joint.point for joint in shape.elements if not joint.outside}
            joined = [bone for bone in _bones(shape.label, labels) if visible.keys() >= {*bone}]
            bones = [np.array([visible[start], visible[end]]) for start, end in joined]
            return Strokes(open=bones, dots=np.array([*visible.values()]).reshape(-1, 2))
    assert_never(shape)


def _vertices(points: Sequence[float]) -> Path:
    return np.reshape(np.asarray(points, np.float64), (-1, 2))


def _ellipse(ellipse: Ellipse) -> Path:
    turn = math.radians(ellipse.rotation)
    angles = np.linspace(0, 2 * np.pi, _ELLIPSE_CORNERS, endpoint=False)
    across, down = np.cos(angles) * ellipse.radii[0], np.sin(angles) * ellipse.radii[1]
    x = across * math.cos(turn) - down * math.sin(turn)
    y = across * math.sin(turn) + down * math.cos(turn)
    return np.stack((x + ellipse.center[0], y + ellipse.center[1]), axis=1)


def _bones(name: str, labels: LabelSet | None) -> Sequence[tuple[str, str]]:
    svg = labels.by_name(name).svg if labels and name in labels else None
    return read_drawing(svg).bones if svg else ()
