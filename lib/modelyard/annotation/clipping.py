"""Clips shapes to the image, dropping those outside it.

CVAT neither clips nor filters a function's results. Rectangles, polygons, polylines,
points and masks are clipped. Rotated rectangles, ellipses and cuboids cannot be clipped
and are kept whole if they overlap the image (CVAT's own editor lets them extend beyond
it). Joints of a skeleton beyond the image become "outside".
"""

import math
from itertools import pairwise
from typing import assert_never

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from modelyard.annotation.coordinates import Box
from modelyard.annotation.extents import bounding_box
from modelyard.annotation.masks import Bitmap
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

Size = tuple[int, int]
"""Width and height in pixels."""

Array = NDArray[np.float64]

# Thinner slivers, in pixels, are remnants of objects outside the image.
_THINNEST = 0.5


def clip(shape: Shape, size: Size) -> list[Shape]:  # noqa: PLR0911 (one per kind)
    """Return the visible part of a shape: nothing, one shape, or pieces of a polyline.

    Args:
        shape: Any shape.
        size: Width and height of the image in pixels.
    """
    match shape:
        case Tag():
            return [shape]
        case Rectangle() if not shape.rotation:
            box = _intersection(shape.box, size)
            if not _visible(box):
                return []
            return [shape] if box == shape.box else [replace(shape, box=box)]
        case Rectangle() | Ellipse() | Cuboid():
            return [shape] if _overlaps(shape, size) else []
        case Polygon():
            points = clip_polygon(shape.points, size)
            return [replace(shape, points=points)] if points else []
        case Polyline():
            return [replace(shape, points=part) for part in clip_polyline(shape.points, size)]
        case Points():
            return _clip_points(shape, size)
        case Mask():
            return _clip_mask(shape, size)
        case Skeleton():
            return _clip_skeleton(shape, size)
    assert_never(shape)


def clip_polygon(points: tuple[float, ...], size: Size) -> tuple[float, ...]:
    """Return a polygon `x0, y0, …` clipped to the image; empty if it is outside.

    Sutherland and Hodgman, "Reentrant polygon clipping" (1974): one border after the other.
    Separated parts stay joined along the border.
    """
    vertices = np.reshape(points, (-1, 2))
    if points and all(
        min(line) >= 0 and max(line) <= limit
        for line, limit in zip((points[::2], points[1::2]), size, strict=True)
    ):
        return points if _has_width(vertices) else ()
    for axis, limit in enumerate(size):
        vertices = _cut(vertices, vertices[:, axis])
        vertices = _cut(vertices, limit - vertices[:, axis])
    # Rounding may have put a crossing an ulp beyond the border.
    vertices = np.clip(vertices, 0, size)
    return tuple(vertices.ravel().tolist()) if _has_width(vertices) else ()


def _cut(vertices: Array, depth: Array) -> Array:
    """Keep the part of a closed outline [N, 2] where the depth [N] inside the border is >= 0."""
    following, next_depth = np.roll(vertices, -1, axis=0), np.roll(depth, -1)
    inside = depth >= 0
    crosses = inside != (next_depth >= 0)
    along = depth / np.where(crosses, depth - next_depth, 1.0)
    crossings = vertices + along[:, None] * (following - vertices)
    # Each vertex is followed by the crossing of its edge; keep those that apply.
    kept: Array = np.stack((vertices, crossings), axis=1)[np.stack((inside, crosses), axis=1)]
    return kept


def _has_width(vertices: Array) -> bool:
    """Return whether vertices [N, 2] span an area, not just a line."""
    if len(vertices) < Polygon.minimum:
        return False
    centered = vertices - vertices.sum(axis=0) / len(vertices)
    (xx, xy), (_, yy) = (centered.T @ centered).tolist()
    # Along the longest direction; across it is the thinnest.
    angle = math.atan2(2 * xy, xx - yy) / 2
    across = centered @ (-math.sin(angle), math.cos(angle))
    return bool(across.max() - across.min() >= _THINNEST)


def clip_polyline(points: tuple[float, ...], size: Size) -> list[tuple[float, ...]]:
    """Return the visible pieces of a line `x0, y0, …`, in order."""
    vertices = np.reshape(points, (-1, 2))
    pieces: list[list[Array]] = []
    for start, end in pairwise(vertices):
        first, last = _part_inside(start, end - start, size)
        if first > last:
            continue
        if first > 0 or not pieces:
            pieces.append([start + first * (end - start)])
        pieces[-1].append(start + last * (end - start))
    kept = (np.clip(piece, 0, size) for piece in pieces)
    return [tuple(piece.ravel().tolist()) for piece in kept if _length(piece) >= _THINNEST]


def _part_inside(start: Array, step: Array, size: Size) -> tuple[float, float]:
    """Return the range in 0..1 of a segment that is inside; first > last if empty.

    Liang and Barsky, "A new concept and method for line clipping" (1984).
    """
    first, last = 0.0, 1.0
    for position, change, limit in zip(start, step, size, strict=True):
        if change == 0:
            if not 0 <= position <= limit:
                return 1.0, 0.0
            continue
        enter, leave = sorted((-position / change, (limit - position) / change))
        first, last = max(first, enter), min(last, leave)
    return first, last


def _length(vertices: Array) -> float:
    return float(np.hypot(*np.diff(vertices, axis=0).T).sum())


def _clip_points(shape: Points, size: Size) -> list[Shape]:
    vertices = np.reshape(shape.points, (-1, 2))
    inside = vertices[((vertices >= 0) & (vertices <= size)).all(axis=1)]
    return [replace(shape, points=tuple(inside.ravel().tolist()))] if len(inside) else []


def _clip_mask(shape: Mask, size: Size) -> list[Shape]:
    """Crop to the image, then to the object."""
    column, row = max(0, -shape.left), max(0, -shape.top)
    bitmap = shape.bitmap[
        row : max(row, size[1] - shape.top), column : max(column, size[0] - shape.left)
    ]
    if bitmap.shape == shape.bitmap.shape and _touches_all_sides(bitmap):
        outline = shape.polygon and clip_polygon(shape.polygon, size)
        return [shape if outline == shape.polygon else replace(shape, polygon=outline or None)]
    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    if not len(rows):
        return []
    outline = clip_polygon(shape.polygon, size) if shape.polygon else ()
    return [
        replace(
            shape,
            bitmap=bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1],
            left=shape.left + column + int(columns[0]),
            top=shape.top + row + int(rows[0]),
            polygon=outline or None,
        )
    ]


def _touches_all_sides(bitmap: Bitmap) -> bool:
    return bool(bitmap[0].any() and bitmap[-1].any() and bitmap[:, 0].any() and bitmap[:, -1].any())


def _clip_skeleton(shape: Skeleton, size: Size) -> list[Shape]:
    elements = tuple(_clip_joint(joint, size) for joint in shape.elements)
    if all(joint.outside for joint in elements):
        return []
    return [replace(shape, elements=elements)]


def _clip_joint(joint: Keypoint, size: Size) -> Keypoint:
    (x, y), (width, height) = joint.point, size
    nearest = min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
    return replace(joint, point=nearest, outside=joint.outside or nearest != joint.point)


def _overlaps(shape: Rectangle | Ellipse | Cuboid, size: Size) -> bool:
    if isinstance(shape, Rectangle) and not _visible(shape.box):
        return False
    if isinstance(shape, Ellipse) and 2 * min(shape.radii) < _THINNEST:
        return False
    return _visible(_intersection(bounding_box(shape), size))


def _intersection(box: Box, size: Size) -> Box:
    left, top, right, bottom = box
    return max(left, 0.0), max(top, 0.0), min(right, float(size[0])), min(bottom, float(size[1]))


def _visible(box: Box) -> bool:
    left, top, right, bottom = box
    return right - left >= _THINNEST and bottom - top >= _THINNEST
