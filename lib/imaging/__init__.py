"""Images: bytes to RGB pixels, fitting into a network and back, masks, previews."""

from imaging.decode import DEFAULT_LIMITS, ImageLimits, decode
from imaging.draw import draw, save_png
from imaging.errors import ImageError
from imaging.geometry import Fit, Interpolation, letterbox, resize
from imaging.image import Image, Pixels
from imaging.masks import Crop, Outline, crop, fill, parts, polygons
from imaging.style import colour

__all__ = [
    "DEFAULT_LIMITS",
    "Crop",
    "Fit",
    "Image",
    "ImageError",
    "ImageLimits",
    "Interpolation",
    "Outline",
    "Pixels",
    "colour",
    "crop",
    "decode",
    "draw",
    "fill",
    "letterbox",
    "parts",
    "polygons",
    "resize",
    "save_png",
]
