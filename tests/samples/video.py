"""OpenCV's samples (Debian package opencv-doc), too large for the repository: a video and pictures.

vtest.avi: people walking on a square, seen from above, 768x576, 10 frames per second.
"""

import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from modelyard.imaging import Image, decode

VARIABLE: Final = "MODELYARD_TEST_VIDEO"
_DEFAULT: Final = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"


def video_frames(numbers: range) -> list[Image]:
    """Return the frames with these numbers, counted from 0; skip the test if there is no video."""
    path = _present(_video())
    video = cv2.VideoCapture(str(path))
    frames = []
    for number in range(numbers.stop):
        if not video.grab():
            pytest.fail(f"{path} ends before frame {number}")
        if number in numbers:
            _, pixels = video.retrieve()
            frames.append(Image.from_pixels(np.asarray(pixels[..., ::-1], np.uint8)))
    return frames


def opencv_picture(name: str) -> Image:
    """Return a picture from the video's folder, such as "apple.jpg", or skip the test."""
    return decode(_present(_video().with_name(name)).read_bytes())


def _video() -> Path:
    return Path(os.environ.get(VARIABLE) or _DEFAULT)


def _present(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(
            f"no {path}: install Debian's opencv-doc or set {VARIABLE} to vtest.avi, with the "
            "package's pictures beside it"
        )
    return path
