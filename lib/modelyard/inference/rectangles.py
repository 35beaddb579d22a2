"""Converts detections to rectangles for CVAT."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Rectangle


def rectangles(
    boxes: NDArray[np.floating[Any]],
    scores: NDArray[np.floating[Any]],
    classes: NDArray[np.integer[Any]],
    names: Mapping[int, str],
    size: tuple[int, int],
) -> list[Rectangle]:
    """Return rectangles in pixels, clipped to the image, in the given order.

    Args:
        boxes: [N, 4] left, top, right, bottom as fractions of the image.
        scores: [N], 0..1.
        classes: [N], keys of `names`; those without a name are left out.
        names: Labels by class.
        size: Width and height of the image.
    """
    corners = np.clip(boxes.astype(np.float64), 0, 1) * (*size, *size)
    return [
        Rectangle(names[number], box, confidence=score)
        for box, score, number in zip(corners, scores, classes.tolist(), strict=True)
        if number in names
    ]
