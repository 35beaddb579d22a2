"""Converts numbers from models to plain finite Python numbers."""

import math
from collections.abc import Iterable, Sequence
from typing import TypeGuard

import numpy as np

from modelyard.annotation.errors import ShapeError

Box = tuple[float, float, float, float]
"""xtl, ytl, xbr, ybr: left, top, right and bottom edge in pixels."""


def finite(value: object, name: str) -> float:
    """Return `value`, a number or a numpy array of one, as a finite float.

    Raises:
        ShapeError: `value` is not a number, is NaN or infinite; the message has `name`.
    """
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever float() refuses is an error
    except (TypeError, ValueError, OverflowError):
        raise ShapeError(f"{name} must be a number, not {type(value).__name__}") from None
    if not math.isfinite(number):
        raise ShapeError(f"{name} must be finite, not {number}")
    return number


def as_flat(points: Iterable[object], name: str = "points") -> tuple[float, ...]:
    """Return coordinates as one flat tuple of floats `x0, y0, x1, y1, …`.

    Args:
        points: Flat coordinates or pairs: nested sequences or an array, such as the
            float [N, 2] outlines of `modelyard.imaging.masks`.
        name: Name of the coordinates, for the message.

    Raises:
        ShapeError: not numbers, not finite, or not whole pairs.
    """
    try:
        array = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ShapeError(f"{name} must be numbers x0, y0, x1, y1, …") from None
    if array.ndim not in (1, 2) or array.size % 2 or (array.ndim == 2 and array.shape[1] != 2):
        raise ShapeError(f"{name} must be pairs x, y: flat or [N, 2], not {array.shape}")
    if not np.isfinite(array).all():
        raise ShapeError(f"{name} must be finite, but hold NaN or infinity")
    return tuple(array.ravel().tolist())


def as_box(corners: Iterable[object], name: str = "box") -> Box:
    """Return `xtl, ytl, xbr, ybr` as floats from a sequence or array of four.

    Raises:
        ShapeError: not four finite numbers.
    """
    numbers = corners if _are_floats(corners, 4) else as_flat(corners, name)
    if len(numbers) != 4:
        raise ShapeError(f"{name} must be 4 numbers xtl, ytl, xbr, ybr, not {len(numbers)}")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def as_point(pair: Iterable[object], name: str) -> tuple[float, float]:
    """Return `x, y` as floats from a sequence or array of two.

    Raises:
        ShapeError: not two finite numbers.
    """
    numbers = pair if _are_floats(pair, 2) else as_flat(pair, name)
    if len(numbers) != 2:
        raise ShapeError(f"{name} must be 2 numbers x, y, not {len(numbers)}")
    return numbers[0], numbers[1]


def _are_floats(numbers: Iterable[object], count: int) -> TypeGuard[Sequence[float]]:
    """Return whether nothing is left to convert or check, which numpy takes far longer to do."""
    return (
        isinstance(numbers, tuple | list)
        and len(numbers) == count
        and all(type(number) is float and math.isfinite(number) for number in numbers)
    )
