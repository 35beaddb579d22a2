"""The decoded image passed to models."""

import hashlib

import msgspec
import numpy as np
from msgspec.structs import force_setattr
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8 [height, width, 3], colour order RGB, 0..255, sRGB as stored."""


class Image(msgspec.Struct, frozen=True, eq=False):
    """An RGB image and the digest of its source.

    Attributes:
        pixels: uint8 [height, width, 3] RGB, C-contiguous and read-only: the image may be
            cached, so it must not be changed in place.
        digest: sha256 in hex of the image file, as a cache key; for `from_pixels`, of its size
            and pixels.
    """

    pixels: Pixels
    digest: str

    def __post_init__(self) -> None:
        """Check the array and make it read-only, copying it only if not contiguous."""
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(
                "pixels must be uint8 [height, width, 3], not "
                f"{self.pixels.dtype} {self.pixels.shape}"
            )
        if self.pixels.size == 0:
            raise ValueError(f"pixels must not be empty: {self.pixels.shape}")
        pixels = np.ascontiguousarray(self.pixels).view()
        pixels.flags.writeable = False
        force_setattr(self, "pixels", pixels)

    @classmethod
    def from_pixels(cls, pixels: Pixels) -> "Image":
        """Create an image from a copy of `pixels`, uint8 [height, width, 3] RGB.

        Raises:
            ValueError: wrong dtype or shape.
        """
        copy = np.array(pixels, order="C")
        return cls(copy, hashlib.sha256(f"{copy.shape}".encode() + copy.tobytes()).hexdigest())

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as for `annotation.encode_detections`."""
        return self.width, self.height
