"""From an image to a network's inputs."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

import cv2
import msgspec
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from modelyard.imaging import Fit, Image, letterbox, resize
from modelyard.imaging.image import Pixels
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Shape, listing

SIZE_INPUTS: Final = ("orig_target_sizes", "orig_size", "target_sizes")
"""Width and height of the image, to which RT-DETR, D-FINE and DEIM scale their boxes."""

_SCALE_INPUTS: Final = ("scale_factor",)
"""PaddleDetection: scale of the input in y and x, by which it divides its boxes."""
_HEIGHT_FIRST: Final = ("im_shape",)
"""PaddleDetection: height and width of the input."""

_FILTERS: Final = {
    "bilinear_antialias": PIL.Image.Resampling.BILINEAR,
    "bicubic_antialias": PIL.Image.Resampling.BICUBIC,
}
_INT8_ZERO: Final = 128
"""TensorFlow Lite's int8 inputs are pixels less 128."""


class Feed(NamedTuple):
    """The image input of a network and how to fill it, and inputs that hold the image's size.

    Attributes:
        name: Name of the image input.
        size: Width and height.
        shape: Its shape: an image with channels first or last, with or without a batch of 1.
        dtype: uint8 takes pixels as they are, int8 pixels less 128; floats are normalised.
        options: The head's options.
        more: The other inputs by name.
    """

    name: str
    size: tuple[int, int]
    shape: Shape
    dtype: np.dtype[Any]
    options: HeadOptions
    more: Mapping[str, NDArray[Any]] = {}

    @classmethod
    def of(
        cls, shapes: Mapping[str, Shape], dtypes: Mapping[str, np.dtype[Any]], options: HeadOptions
    ) -> Self:
        """Return the feed for inputs whose shapes come from `resolve_inputs`."""
        name = _image_of(shapes)
        shape = shapes[name]
        height, width = _sides(shape)
        more = {
            other: np.array([_value(other, (width, height))], dtypes[other])
            for other in shapes
            if other != name
        }
        return cls(name, (width, height), shape, dtypes[name], options, more)

    def fit(self, image_size: tuple[int, int]) -> Fit:
        """Return how an image of that width and height is placed in the input.

        A centre crop, which is not reversible, gives that of a stretched image.
        """
        if self.options.resize in {"stretch", "center_crop"}:
            return resize(image_size, self.size)
        return letterbox(image_size, self.size, center=self.options.resize == "letterbox")

    def fill(self, image: Image, fit: Fit) -> dict[str, NDArray[Any]]:
        """Return the network's inputs for an image."""
        options = self.options
        if options.resize == "center_crop":
            pixels: NDArray[Any] = _center_crop(image.pixels, self.size)
        else:
            pixels = _fitted(image.pixels, fit, options)
        if options.channels == "bgr":
            pixels = pixels[..., ::-1]
        elif options.channels == "gray":
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
        if self.dtype == np.int8:
            pixels = (pixels.astype(np.int16) - _INT8_ZERO).astype(np.int8)
        elif self.dtype != np.uint8:
            channels = pixels.shape[-1]
            mean, scale = (
                np.array(values[:channels], np.float32) for values in (options.mean, options.scale)
            )
            pixels = ((pixels.astype(np.float32) - mean) / scale).astype(self.dtype)
        if _channels_first(self.shape):
            pixels = pixels.transpose(2, 0, 1)
        return {self.name: np.ascontiguousarray(pixels).reshape(self.shape), **self.more}


def _fitted(pixels: Pixels, fit: Fit, options: HeadOptions) -> Pixels:
    """Return the canvas of `fit` with the image on it."""
    if options.interpolation != "bilinear":
        picture = PIL.Image.fromarray(pixels).resize(fit.inner, _FILTERS[options.interpolation])
        pixels, fit = np.asarray(picture), msgspec.structs.replace(fit, source=fit.inner)
    return fit.apply(pixels, fill=options.padding)


def _center_crop(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Return the centre after scaling the short side to `size`, as torchvision crops.

    Pillow's antialiased bilinear filter is what classifiers are trained with.
    """
    height, width = pixels.shape[:2]
    factor = max(size[0] / width, size[1] / height)
    scaled = max(size[0], int(width * factor)), max(size[1], int(height * factor))
    resized = PIL.Image.fromarray(pixels).resize(scaled, PIL.Image.Resampling.BILINEAR)
    left, top = round((scaled[0] - size[0]) / 2), round((scaled[1] - size[1]) / 2)
    return np.asarray(resized.crop((left, top, left + size[0], top + size[1])))


def resolve_inputs(inputs: Mapping[str, Shape], options: HeadOptions) -> dict[str, Shape]:
    """Return the fully known shapes of a network's inputs: an image, and perhaps its size.

    Args:
        inputs: The network's inputs; -1 means any length.
        options: Their `input_size` is used if the network leaves the size open.

    Raises:
        HeadError: there is not exactly one image; its size is open and `input_size` is missing, or
            contradicts the network; its channels are not those of the options.
    """
    name = _image_of(inputs)
    shape = inputs[name]
    channels = 1 if options.channels == "gray" else 3
    axis = _channel_axis(shape, channels)
    if axis is None:
        raise HeadError(
            f"its input {name} is {shape}; an image needs (1, {channels}, height, width) or "
            f"(1, height, width, {channels})" + _channel_hint(shape, channels)
        )
    height, width = shape[-2:] if axis == -3 else shape[-3:-1]
    if options.input_size is not None:
        given_width, given_height = options.input_size
        if width not in {-1, given_width} or height not in {-1, given_height}:
            raise HeadError(
                f"head_options: input_size is {given_width}x{given_height}, but the network's "
                f"input {name} is {width}x{height}"
            )
        width, height = options.input_size
    if -1 in {height, width}:
        raise HeadError(
            f"its input {name} takes any size {shape}; state the size it was trained with: "
            'head_options={"input_size": [width, height]}'
        )
    image = (channels, height, width) if axis == -3 else (height, width, channels)
    known = {name: image if len(shape) == 3 else (1, *image)}
    return {other: known.get(other) or (1, 2) for other in inputs}


def _image_of(inputs: Mapping[str, Shape]) -> str:
    """Return the name of the only input that is not the image's size.

    Raises:
        HeadError: there are none or several.
    """
    images = [name for name, shape in inputs.items() if not _is_size(name, shape)]
    if len(images) != 1:
        raise HeadError(f"a head feeds one image, but the network has {listing(inputs.items())}")
    return images[0]


def _is_size(name: str, shape: Shape) -> bool:
    known = name in SIZE_INPUTS or name in _SCALE_INPUTS or name in _HEIGHT_FIRST
    return known and len(shape) == 2 and shape[0] in {-1, 1} and shape[1] in {-1, 2}


def _value(name: str, size: tuple[int, int]) -> tuple[int, int]:
    if name in _SCALE_INPUTS:
        return 1, 1
    return (size[1], size[0]) if name in _HEIGHT_FIRST else size


def _channel_axis(shape: Shape, channels: int) -> int | None:
    """Return -3 or -1, where the channels are, None if it is not an image.

    First if the file leaves everything open, as transformers' exports and `openvino.convert_model`
    do: networks of torch have them there, and OpenVINO refuses to reshape any other so.
    """
    if len(shape) not in {3, 4} or (len(shape) == 4 and shape[0] not in {-1, 1}):
        return None
    if shape == (-1, -1, -1, -1):
        return -3
    return next((axis for axis in (-3, -1) if shape[axis] == channels), None)


def _channel_hint(shape: Shape, channels: int) -> str:
    if len(shape) == 4 and shape[0] not in {-1, 1}:
        return "; export it with batch size 1"
    other = 1 if channels == 3 else 3
    if _channel_axis(shape, other) is not None:
        return f'; for {other} set head_options={{"channels": "{"gray" if other == 1 else "rgb"}"}}'
    return ""


def _channels_first(shape: Shape) -> bool:
    return shape[-3] in {1, 3}


def _sides(shape: Shape) -> Shape:
    """Return height and width."""
    return shape[-2:] if _channels_first(shape) else shape[-3:-1]
