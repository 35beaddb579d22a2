"""How well two sets of shapes on one picture agree."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from modelyard.annotation import Mask, Polygon, Shape, Tag, bounding_box
from modelyard.imaging import fill
from modelyard.inference.boxes import iou_matrix
from modelyard_tools.experiments.conversion import whole_mask

Size = tuple[int, int]
"""Width and height of a picture in pixels."""


class Pair(msgspec.Struct, frozen=True):
    """A shape of the first set and one of the second that are matched as the same object.

    `iou` is their intersection over union, 0..1; it is 1 for two tags.
    """

    first: int
    second: int
    iou: float


def pair_up(
    first: Sequence[Shape], second: Sequence[Shape], size: Size, least: float
) -> list[Pair]:
    """Pair shapes with equal labels that overlap by at least `least` (0..1), best pairs first.

    Two masks or polygons are compared by pixels, everything else by boxes.
    """
    overlaps = overlap(first, second, size)
    for row, shape in enumerate(first):
        for column, other in enumerate(second):
            if shape.label != other.label:
                overlaps[row, column] = -1
    pairs = []
    while overlaps.size and overlaps.max() >= max(least, np.finfo(float).tiny):
        row, column = (int(index) for index in np.unravel_index(overlaps.argmax(), overlaps.shape))
        pairs.append(Pair(row, column, float(overlaps[row, column])))
        overlaps[row, :] = overlaps[:, column] = -1
    return pairs


def overlap(first: Sequence[Shape], second: Sequence[Shape], size: Size) -> NDArray[np.float64]:
    """Return the intersection over union, 0..1, [N, M], of each pair of shapes."""
    result = iou_matrix(_boxes(first), _boxes(second))
    for row, shape in enumerate(first):
        for column, other in enumerate(second):
            if isinstance(shape, Tag) or isinstance(other, Tag):
                result[row, column] = float(isinstance(shape, Tag) and isinstance(other, Tag))
    rows = [index for index, shape in enumerate(first) if is_outlined(shape)]
    columns = [index for index, shape in enumerate(second) if is_outlined(shape)]
    if rows and columns:
        result[np.ix_(rows, columns)] = coco_mask.iou(
            [run_lengths(first[index], size) for index in rows],
            [run_lengths(second[index], size) for index in columns],
            [False] * len(columns),
        )
    return result


def is_outlined(shape: Shape) -> bool:
    """Whether the shape outlines the object's pixels."""
    return isinstance(shape, Mask | Polygon)


def pixels(shape: Shape, size: Size) -> NDArray[np.bool_]:
    """Return the pixels of a mask or a polygon; other shapes have none."""
    if isinstance(shape, Mask):
        return whole_mask(shape, size)
    if isinstance(shape, Polygon):
        return fill(shape.points, size)
    raise TypeError(f"a {shape.kind} does not have pixels")


def run_lengths(shape: Shape, size: Size) -> dict[str, object]:
    """Return the pixels of a shape as COCO's compressed run lengths."""
    encoded: dict[str, object] = coco_mask.encode(
        np.asfortranarray(pixels(shape, size).astype(np.uint8))
    )
    return encoded


def _boxes(shapes: Sequence[Shape]) -> NDArray[np.float64]:
    boxes = [(0.0,) * 4 if isinstance(shape, Tag) else bounding_box(shape) for shape in shapes]
    return np.reshape(np.array(boxes, np.float64), (-1, 4))
