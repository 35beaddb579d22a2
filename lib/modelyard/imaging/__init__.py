"""Images: decoding, fitting into a network and back, masks, previews."""

from modelyard.imaging.decode import DEFAULT_LIMITS, ImageLimits, decode, limits_from_env
from modelyard.imaging.draw import draw, save_png
from modelyard.imaging.errors import ImageError
from modelyard.imaging.geometry import Fit, Interpolation, letterbox, resize
from modelyard.imaging.image import Image, Pixels
from modelyard.imaging.masks import Crop, Outline, crop, fill, outlines, parts, polygons
from modelyard.imaging.style import colour
from modelyard.imaging.upright import decode_upright, upright

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
    "decode_upright",
    "draw",
    "fill",
    "letterbox",
    "limits_from_env",
    "outlines",
    "parts",
    "polygons",
    "resize",
    "save_png",
    "upright",
]
