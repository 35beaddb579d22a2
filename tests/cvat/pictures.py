"""Picture files as CVAT sends them, with bright rectangles for the tiny models to find."""

import base64
import io
from typing import Final

import numpy as np
from PIL import Image

from modelyard.annotation import Box

SIZE: Final = (160, 120)
"""Width and height in pixels."""


def picture(*boxes: Box, file_format: str = "PNG", mode: str = "RGB") -> str:
    """Return a dark picture with these bright boxes, as base64 text of an image file."""
    pixels = np.full((SIZE[1], SIZE[0]), 20, np.uint8)
    for box in boxes:
        left, top, right, bottom = (round(number) for number in box)
        pixels[top:bottom, left:right] = 230
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, file_format)
    return base64.b64encode(file.getvalue()).decode()
