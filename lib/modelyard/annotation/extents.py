"""Bounding boxes of shapes, and corners of rotated rectangles."""

import math
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation.coordinates import Box
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Skeleton,
)


def rectangle_corners(rectangle: Rectangle) -> NDArray[np.float64]:
    """Return float64 [4, 2]: the rotated corners, clockwise from the top left."""
    left, top, right, bottom = rectangle.box
    upright = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if not rectangle.rotation:
        return upright
    angle = math.radians(rectangle.rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    center = upright.mean(axis=0)
    # Row vectors with y pointing down: this rotates clockwise on the screen.
    turn = np.array([(cos, sin), (-sin, cos)])
    return np.asarray((upright - center) @ turn + center, dtype=np.float64)


def bounding_box(
    shape: Rectangle | Polygon | Polyline | Points | Ellipse | Cuboid | Mask | Skeleton,
) -> Box:
    """Return the axis-aligned bounding box `xtl, ytl, xbr, ybr` of a shape after rotation.

    For a mask it is the box of its crop; for a skeleton that of its visible joints, or of all
    if none is visible.
    """
    match shape:
        case Rectangle():
            return _around(rectangle_corners(shape))
        case Polygon() | Polyline() | Points() | Cuboid():
            return _around(np.reshape(shape.points, (-1, 2)))
        case Ellipse():
            return _around_ellipse(shape)
        case Mask():
            height, width = shape.bitmap.shape
            return (
                float(shape.left),
                float(shape.top),
                float(shape.left + width),
                float(shape.top + height),
            )
        case Skeleton():
            visible = [joint.point for joint in shape.elements if not joint.outside]
            return _around(np.array(visible or [joint.point for joint in shape.elements]))
    assert_never(shape)


def _around(points: NDArray[np.float64]) -> Box:
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom


def _around_ellipse(ellipse: Ellipse) -> Box:
    (x, y), (horizontal, vertical) = ellipse.center, ellipse.radii
    angle = math.radians(ellipse.rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    half_width = math.hypot(horizontal * cos, vertical * sin)
    half_height = math.hypot(horizontal * sin, vertical * cos)
    return x - half_width, y - half_height, x + half_width, y + half_height
