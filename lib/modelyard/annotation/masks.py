"""What masks consist of: their pixels, place and outline, checked and converted."""

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation.coordinates import as_flat, finite
from modelyard.annotation.errors import ShapeError

Bitmap = NDArray[np.bool_]
"""bool [height, width], True on the object."""


def as_bitmap(mask: NDArray[np.generic]) -> Bitmap:
    """Return a read-only bool copy [h, w] of a mask; nonzero numbers are True.

    Raises:
        ShapeError: it is not a 2-D array of bool or integers with at least one pixel.
    """
    array = np.asarray(mask)
    if array.dtype.kind not in "bui":
        raise ShapeError(
            f"a mask must be bool or integers, not {array.dtype}: compare scores with a threshold"
        )
    if array.ndim != 2 or array.size == 0:
        raise ShapeError(f"a mask must be an array [height, width], not {array.shape}")
    bitmap = array.astype(np.bool_)
    bitmap.flags.writeable = False
    return bitmap


def as_outline(polygon: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Return an outline as plain floats, or None for none.

    Raises:
        ShapeError: it has fewer than 3 points, or numbers that are not finite.
    """
    if polygon is None:
        return None
    points = as_flat(polygon, "polygon")
    if len(points) < 6:
        raise ShapeError(f"the outline of a mask needs 3 points, not {len(points) // 2}")
    return points


def as_whole(value: object, name: str) -> int:
    """Convert a whole number of any type, including 3.0 of a float array, but not 3.5.

    Raises:
        ShapeError: it is not a whole number; the message has `name`.
    """
    number = finite(value, name)
    if not number.is_integer():
        raise ShapeError(f"{name} must be a whole number of pixels, not {number:g}")
    return int(number)
