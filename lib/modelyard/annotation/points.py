"""The points of shapes as CVAT reads them, rounded to hundredths of a pixel."""

from collections.abc import Iterable

from modelyard.annotation.shapes import Cuboid, Ellipse, Points, Polygon, Polyline, Rectangle


def points_of(shape: Rectangle | Ellipse | Polygon | Polyline | Points | Cuboid) -> list[float]:
    """Return a shape's points `x0, y0, …`; a rectangle's are two corners."""
    match shape:
        case Rectangle():
            return rounded(shape.box)
        case Ellipse():
            # CVAT expects the centre, then x of the rightmost and y of the topmost point.
            (x, y), (horizontal, vertical) = shape.center, shape.radii
            return rounded((x, y, x + horizontal, y - vertical))
        case _:
            return rounded(shape.points)


def rounded(numbers: Iterable[float]) -> list[float]:
    """Return coordinates in hundredths of a pixel."""
    found = list(numbers)
    # Outlines of masks are whole.
    whole = all(map(float.is_integer, found))
    return found if whole else [round(number, 2) for number in found]
