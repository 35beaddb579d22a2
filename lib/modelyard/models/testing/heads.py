"""Detectors without code whose networks give constant outputs, and where their objects are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.inference.device import Device
from modelyard.inference.testing.networks import plant
from modelyard.models.heads import HeadDetector
from modelyard.serving.testing.assets import headed_assets

Size = tuple[int, int]

SIZE = (128, 96)
SIZES = [(128, 96), (300, 300), (900, 100), (90, 700)]
"""Like the input, square, wide and tall."""


def detector(
    folder: Path,
    head: str,
    outputs: Mapping[str, Any],
    *,
    labels: Sequence[Any],
    shape: tuple[int, ...] = (1, 3, 96, 128),
    dtype: Any = np.float32,
    **options: Any,
) -> HeadDetector:
    """Plant a network with these outputs, and load a detector with a head and its options."""
    plant(folder / "weights" / "net.xml", {"images": (shape, dtype)}, outputs)
    model = HeadDetector()
    model.load(headed_assets(folder, head, labels, options), Device())
    return model


def lying(size: Size, resize: str) -> tuple[int, int, int, int]:
    """Left, top, width and height of an image of that size in the network's input."""
    if resize == "stretch":
        return 0, 0, *SIZE
    scale = min(SIZE[0] / size[0], SIZE[1] / size[1])
    wide, high = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return (SIZE[0] - wide) // 2, (SIZE[1] - high) // 2, wide, high


def in_input(point: Sequence[float], size: Size, resize: str) -> tuple[float, float]:
    """A point, as fractions of the image, in pixels of the network's input."""
    left, top, wide, high = lying(size, resize)
    return point[0] * wide + left, point[1] * high + top
