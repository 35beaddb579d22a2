"""Real inputs for tests of functions: assets, photographs, video.

Tests that use them declare in their BUILD file which assets are packaged for them.
"""

from samples.asking import Asker
from samples.assets import assets_named_by
from samples.photographs import photograph, photograph_file
from samples.video import opencv_picture, video_frames

__all__ = [
    "Asker",
    "assets_named_by",
    "opencv_picture",
    "photograph",
    "photograph_file",
    "video_frames",
]
