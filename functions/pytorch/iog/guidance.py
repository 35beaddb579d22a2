"""The network's input: a crop around the object, and maps of the inside and outside points."""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from iog.network import SIDE
from modelyard.annotation import Box

Point = tuple[float, float]
Map = NDArray[np.float32]

_MARGIN: Final = 30
"""Margin around the box, in image pixels."""
_OUTSIDE: Final = 10
"""Distance of the outside points from the box, in pixels of the network's input."""
_WIDTH: Final = 10
"""Full width at half maximum of a click, in pixels of the network's input."""
# A larger crop is subsampled to every n-th pixel: 200 MB are enough for 512 pixels per side.
_LARGEST: Final = 4096


class Crop(NamedTuple):
    """A region of the image, in whole pixels; it may extend beyond the image."""

    left: int
    top: int
    width: int
    height: int

    def place(self, point: Point) -> Point:
        """Return the position of an image point in the input, in pixel indices."""
        x, y = point
        return (
            (x - self.left) * SIDE / self.width - 0.5,
            (y - self.top) * SIDE / self.height - 0.5,
        )


def crop_around(box: Box) -> Crop:
    """Return all pixels that the box touches, plus 30 on each side."""
    left, top = math.floor(box[0]), math.floor(box[1])
    right, bottom = max(math.ceil(box[2]), left + 1), max(math.ceil(box[3]), top + 1)
    margins = 2 * _MARGIN
    return Crop(left - _MARGIN, top - _MARGIN, right - left + margins, bottom - top + margins)


def outside_points(crop: Crop) -> list[Point]:
    """Return the four outside points that the network was trained with.

    They are 10 input pixels outside the corners of the box, counting pixels whose centre is in the
    box, and are clipped to the input.
    """
    edges = []
    for extent in (crop.width, crop.height):
        margin = _MARGIN * SIDE / extent
        first, last = math.ceil(margin - 0.5), math.ceil(SIDE - margin - 0.5) - 1
        edges.append((max(first - _OUTSIDE, 0), min(last + _OUTSIDE, SIDE)))
    (left, right), (top, bottom) = edges
    return [(left, top), (left, bottom), (right, top), (right, bottom)]


def pixels_of(pixels: NDArray[np.uint8], crop: Crop) -> Map:
    """Return float32 [512, 512, 3], 0..255: a crop of an RGB image, zero-padded."""
    step = math.ceil(max(crop.width, crop.height) / _LARGEST)
    if step > 1:
        return pixels_of(pixels[::step, ::step], Crop(*(value // step for value in crop)))
    height, width = pixels.shape[:2]
    canvas = np.zeros((crop.height, crop.width, 3), np.float32)
    rows = slice(max(crop.top, 0), max(min(crop.top + crop.height, height), 0))
    columns = slice(max(crop.left, 0), max(min(crop.left + crop.width, width), 0))
    inside = pixels[rows, columns]
    if inside.size:
        row, column = rows.start - crop.top, columns.start - crop.left
        canvas[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
    return np.asarray(cv2.resize(canvas, (SIDE, SIDE)), np.float32)


def click_maps(inside: Iterable[Point], outside: Iterable[Point]) -> Map:
    """Return float32 [512, 512, 2], 0..255: heatmaps of inside and outside clicks."""
    maps = np.stack([_nearness(inside), _nearness(outside)], axis=2).astype(np.float32)
    least, most = float(maps.min()), float(maps.max())
    return np.asarray(255 * (maps - least) / (most - least + 1e-10), np.float32)


def _nearness(points: Iterable[Point]) -> NDArray[np.float64]:
    """Return float64 [512, 512]: Gaussians, 1 at each point, 1/2 at 5 pixels from it."""
    pixels = np.arange(SIDE, dtype=np.float64)
    nearest = np.zeros((SIDE, SIDE))
    for x, y in points:
        across, down = (pixels - x) ** 2, (pixels[:, None] - y) ** 2
        bump = np.exp(-4 * math.log(2) * (across + down) / _WIDTH**2)
        np.maximum(nearest, bump, out=nearest)
    return nearest


def paste(probabilities: Map, crop: Crop, size: tuple[int, int]) -> Map:
    """Return float32 [height, width]: probabilities [512, 512] pasted into the image, 0 elsewhere.

    Args:
        probabilities: The network's output for the crop.
        crop: The network's input region.
        size: Width and height of the image.
    """
    width, height = size
    left, top = max(crop.left, 0), max(crop.top, 0)
    right, bottom = min(crop.left + crop.width, width), min(crop.top + crop.height, height)
    pasted = np.zeros((height, width), np.float32)
    if left < right and top < bottom:
        whole = (crop.width, crop.height)
        scaled = cv2.resize(probabilities, whole, interpolation=cv2.INTER_CUBIC)
        pasted[top:bottom, left:right] = scaled[
            top - crop.top : bottom - crop.top, left - crop.left : right - crop.left
        ]
    return pasted
