"""The style of previews: one colour per label, sizes to suit the image, legible text."""

import colorsys
import zlib

import msgspec
from PIL import ImageFont

Colour = tuple[int, int, int]
"""Red, green, blue in 0..255."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


def colour(label: str) -> Colour:
    """Return the colour of a label, which never changes."""
    code = zlib.crc32(label.encode())
    hue, lightness = (code & 0xFFFF) / 0x10000, (0.45, 0.55, 0.65)[(code >> 16) % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)


def text_colour(background: Colour) -> Colour:
    """Return black or white, whichever contrasts more (WCAG 2 relative luminance)."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in background)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # Contrast with white (1.05 / (Y + 0.05)) equals that with black here.
    return BLACK if luminance > 0.179 else WHITE


class Style(msgspec.Struct, frozen=True):
    """Sizes in pixels.

    Attributes:
        line: Thickness of outlines.
        radius: Radius of points.
        font: Height of the text's em square.
    """

    line: int
    radius: int
    font: int

    @classmethod
    def for_image(cls, width: int, height: int) -> "Style":
        """Return sizes that look alike on small and large images."""
        unit = max(width, height) / 640
        return cls(
            line=max(1, round(2 * unit)),
            radius=max(2, round(4 * unit)),
            font=max(10, round(16 * unit)),
        )

    def typeface(self) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """Return the font that comes with Pillow: the same everywhere."""
        return ImageFont.load_default(self.font)
