"""Pictures with known pixels."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from modelyard.annotation import Box

DARK: Final = (20, 20, 20)
SIZE: Final = (320, 240)
"""Width and height in pixels."""


def picture(path: Path, *boxes: Box, **saving: Any) -> Path:
    """Save a dark picture with white boxes; the file's suffix determines the format."""
    pixels = np.full((SIZE[1], SIZE[0], 3), DARK, np.uint8)
    for box in boxes:
        left, top, right, bottom = (round(number) for number in box)
        pixels[top:bottom, left:right] = 255
    Image.fromarray(pixels).save(path, **saving)
    return path
