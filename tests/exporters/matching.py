"""Compares the shapes that we find with those of a peer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask, Rectangle, Shape, Skeleton, visible
from modelyard.imaging import Image

Grey = NDArray[np.uint8]

_SCORE: Final = 0.02
_BOX: Final = 0.99
_AREA: Final = 0.95
# In pixels of the network's input.
_JOINT: Final = 0.5
# Of fewer pixels, those along the border count for too much.
_SMALLEST: Final = 500
# Corners are drawn at this multiple of the picture's size.
_FINE: Final = 8


class Question:
    """A picture, what the peer found in it, and how objects are compared."""

    def __init__(self, kind: str, folder: Path, image: Image, size: tuple[int, int]) -> None:
        """Take the kind in `Expected`, the masks' folder, and the network's width and height."""
        self._kind, self._folder, self._image = kind, folder, image
        self._to_input = min(size[0] / image.width, size[1] / image.height)

    def comparable(self, item: dict[str, Any]) -> bool:
        """Whether an object of the peer is large enough to be compared."""
        if self._kind == "boxes":
            left, top, right, bottom = self._clipped(item["box"])
            return right - left >= 1 and bottom - top >= 1
        if self._kind in {"masks", "classes"}:
            return int(np.count_nonzero(self._mask_of(item))) >= _SMALLEST
        return True

    def counts(self, shape: Shape) -> bool:
        """Whether CVAT would get a shape, and it is large enough to be compared."""
        if isinstance(shape, Rectangle) and self._kind == "boxes":
            return self.comparable({"box": shape.box})
        return any(True for _ in visible([shape], None, self._image.size))

    def agreement(self, shape: Shape, item: dict[str, Any]) -> float:
        """Return 1 or more if the shape is where the object is, else less; above 0 if close."""
        if self._kind == "boxes" and isinstance(shape, Rectangle):
            return _overlap(self._clipped(shape.box), self._clipped(item["box"])) / _BOX
        if self._kind in {"masks", "classes"} and isinstance(shape, Mask):
            return _area_overlap(self._drawn(shape), self._mask_of(item)) / _AREA
        if self._kind == "rotated" and isinstance(shape, Rectangle):
            found, wanted = self._filled(_corners(shape)), self._filled(np.array(item["corners"]))
            return _area_overlap(found, wanted) / _AREA
        if self._kind == "joints" and isinstance(shape, Skeleton):
            return _JOINT / max(self._distance(shape, item["joints"]), 1e-9)
        return 1.0 if self._kind == "tags" else 0.0

    def _clipped(self, box: Sequence[float]) -> tuple[float, float, float, float]:
        width, height = self._image.size
        left, right = (float(np.clip(box[n], 0, width)) for n in (0, 2))
        top, bottom = (float(np.clip(box[n], 0, height)) for n in (1, 3))
        return left, top, right, bottom

    def _mask_of(self, item: dict[str, Any]) -> Grey:
        grey = cv2.imread(str(self._folder / item["mask"]), cv2.IMREAD_GRAYSCALE)
        return np.asarray(grey, np.uint8)

    def _drawn(self, shape: Mask) -> Grey:
        canvas = np.zeros((self._image.height, self._image.width), np.uint8)
        rows, columns = shape.bitmap.shape
        part = canvas[shape.top : shape.top + rows, shape.left : shape.left + columns]
        part[...] = np.where(shape.bitmap[: part.shape[0], : part.shape[1]], 255, 0)
        return canvas

    def _filled(self, points: NDArray[np.float64]) -> Grey:
        # Twice the picture on each side, since corners may be beyond it.
        sides = np.array(self._image.size)
        canvas = np.zeros((3 * sides[1] * 2, 3 * sides[0] * 2), np.uint8)
        moved = (points + sides) * 2
        cv2.fillPoly(canvas, [np.round(moved * _FINE).astype(np.int32)], (255,), shift=3)
        return canvas

    def _distance(self, shape: Skeleton, joints: Sequence[Sequence[float]]) -> float:
        """Return the largest distance of a joint that both have, in pixels of the input."""
        limits = np.array(self._image.size)
        worst = 0.0
        for element in shape.elements:
            wanted = np.array(joints[int(element.label.rpartition(" ")[2])][:2])
            found = np.clip(element.point, 0, limits)
            worst = max(worst, float(np.abs(found - wanted).max()) * self._to_input)
        return worst


def united(shapes: Sequence[Shape], image: Image) -> list[Shape]:
    """Return one mask for each label, of all its masks."""
    canvases: dict[str, Grey] = {}
    for shape in shapes:
        if isinstance(shape, Mask):
            canvas = canvases.setdefault(
                shape.label, np.zeros((image.height, image.width), np.uint8)
            )
            rows, columns = shape.bitmap.shape
            canvas[shape.top : shape.top + rows, shape.left : shape.left + columns] |= shape.bitmap
    return [Mask(label, canvas.astype(bool), 0, 0) for label, canvas in canvases.items()]


def score_fits(shape: Shape, item: dict[str, Any]) -> bool:
    """Whether the scores are the same; a peer without scores always fits."""
    return "score" not in item or abs((shape.confidence or 0.0) - item["score"]) <= _SCORE


def _overlap(first: Sequence[float], second: Sequence[float]) -> float:
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / max(sum(areas) - shared, 1e-9)


def _area_overlap(first: Grey, second: Grey) -> float:
    """Return the IoU of two masks, in which a pixel beside the other mask's border counts as its.

    Ultralytics crops masks to the pixels whose index is in the box, we to those whose centre is: a
    row and a column of difference, a tenth of a small object.
    """
    either = int(np.count_nonzero(first | second))
    apart = (first & ~_grown(second)) | (second & ~_grown(first))
    return 1 - int(np.count_nonzero(apart)) / max(either, 1)


def _grown(mask: Grey) -> Grey:
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)


def _corners(shape: Rectangle) -> NDArray[np.float64]:
    left, top, right, bottom = shape.box
    centre = np.array(((left + right) / 2, (top + bottom) / 2))
    angle = np.deg2rad(shape.rotation)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    corners = np.array(((left, top), (right, top), (right, bottom), (left, bottom)))
    return np.asarray((corners - centre) @ turn.T + centre)
