"""Previews: a model's results drawn on the image."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from modelyard.annotation import LabelSet, Mask, Polygon, Shape, Tag, bounding_box, clip
from modelyard.imaging.captions import draw_captions
from modelyard.imaging.image import Image, Pixels
from modelyard.imaging.masks import Bitmap, fill
from modelyard.imaging.strokes import Strokes, strokes
from modelyard.imaging.style import BLACK, Colour, Style, colour

_OPACITY = 0.4
_SEAM = 2
# Fractional bits of OpenCV's coordinates, and their largest value.
_SHIFT = 4
_FARTHEST = 2.0**20


def draw(image: Image, shapes: Iterable[Shape], labels: LabelSet | None = None) -> Image:
    """Return a new image with shapes, labels and scores drawn on it.

    Shapes are clipped to the image, as for CVAT. Small ones are drawn over large ones, captions
    over all. Masks and polygons are tinted. Every line has a dark edge, to be visible on any
    background.

    Args:
        image: The image, which is not changed.
        shapes: What to draw.
        labels: Defines the bones of skeletons; without it only joints are drawn.
    """
    style = Style.for_image(image.width, image.height)
    visible = [part for shape in shapes for part in clip(shape, image.size)]
    visible.sort(key=_area, reverse=True)
    pixels = image.pixels.copy()
    for shape in visible:
        _tint(pixels, shape)
    for shape in visible:
        lines = strokes(shape, labels)
        _stroke(pixels, lines, BLACK, style.line + _SEAM, style.radius + _SEAM // 2)
        _stroke(pixels, lines, colour(shape.label), style.line, style.radius)
    return Image.from_pixels(draw_captions(pixels, visible, style))


def save_png(image: Image, path: Path) -> None:
    """Write the image as a PNG file, replacing an existing one.

    Raises:
        OSError: the file cannot be written.
    """
    PIL.Image.fromarray(image.pixels).save(path, format="PNG")


def _area(shape: Shape) -> float:
    if isinstance(shape, Tag):
        return 0.0
    left, top, right, bottom = bounding_box(shape)
    return (right - left) * (bottom - top)


def _tint(pixels: Pixels, shape: Shape) -> None:
    """Mix the label's colour into the pixels of a mask or polygon, in place."""
    if isinstance(shape, Mask):
        height, width = shape.bitmap.shape
        part = pixels[shape.top : shape.top + height, shape.left : shape.left + width]
        _mix(part, shape.bitmap, colour(shape.label))
    elif isinstance(shape, Polygon):
        _mix(pixels, fill(shape.points, (pixels.shape[1], pixels.shape[0])), colour(shape.label))


def _mix(pixels: Pixels, where: Bitmap, tint: Colour) -> None:
    before = pixels[where].astype(np.float32)
    pixels[where] = (before + (np.array(tint) - before) * _OPACITY).round()


def _stroke(pixels: Pixels, lines: Strokes, paint: Colour, thickness: int, radius: int) -> None:
    """Draw anti-aliased lines and dots in one colour, in place."""
    for paths, is_closed in ((lines.closed, True), (lines.open, False)):
        fixed = [_fixed(path) for path in paths]
        cv2.polylines(pixels, fixed, is_closed, paint, thickness, cv2.LINE_AA, _SHIFT)
    for dot in _fixed(lines.dots).tolist():
        cv2.circle(pixels, dot, radius << _SHIFT, paint, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _fixed(path: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return points [N, 2] in OpenCV's fixed-point format, whose 0 is a pixel's centre."""
    near = np.clip(path - 0.5, -_FARTHEST, _FARTHEST)
    return np.asarray((near * 2**_SHIFT).round(), np.int32)
