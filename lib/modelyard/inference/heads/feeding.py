"""From an image to a network's input."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from modelyard.imaging import Fit, Image, letterbox, resize
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Shape, listing

_CHANNELS = 3


class Feed(NamedTuple):
    """The single input of a network and how to fill it.

    Attributes:
        name: Name of the input.
        size: Width and height.
        channels_last: Whether it is [1, height, width, 3] rather than [1, 3, height, width].
        dtype: uint8 takes pixels as they are, floats are normalised.
        options: The head's options.
    """

    name: str
    size: tuple[int, int]
    channels_last: bool
    dtype: np.dtype[Any]
    options: HeadOptions

    @classmethod
    def of(
        cls, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], options: HeadOptions
    ) -> Self:
        """Return the feed for an input whose shape comes from `resolve_input`."""
        channels_last = shape[1] != _CHANNELS
        height, width = shape[1:3] if channels_last else shape[2:]
        return cls(name, (width, height), channels_last, dtype, options)

    def fit(self, image_size: tuple[int, int]) -> Fit:
        """Return how an image of that width and height is placed in the input."""
        if self.options.resize == "stretch":
            return resize(image_size, self.size)
        return letterbox(image_size, self.size, center=self.options.resize == "letterbox")

    def fill(self, image: Image, fit: Fit) -> dict[str, NDArray[Any]]:
        """Return the network's input for an image, resized bilinearly."""
        options = self.options
        pixels: NDArray[Any] = fit.apply(image.pixels, fill=options.padding)
        if options.channels == "bgr":
            pixels = pixels[..., ::-1]
        if self.dtype != np.uint8:
            mean, scale = (np.array(values, np.float32) for values in (options.mean, options.scale))
            pixels = ((pixels.astype(np.float32) - mean) / scale).astype(self.dtype)
        if not self.channels_last:
            pixels = pixels.transpose(2, 0, 1)
        return {self.name: np.ascontiguousarray(pixels[None])}


def resolve_input(inputs: Mapping[str, Shape], options: HeadOptions) -> dict[str, Shape]:
    """Return the name and the fully known shape of a network's single input.

    Args:
        inputs: The network's inputs; -1 means any length.
        options: Their `input_size` is used if the network leaves the size open.

    Raises:
        HeadError: there is not exactly one input, or it is not an image; its size is open and
            `input_size` is missing, or contradicts the network.
    """
    if len(inputs) != 1:
        raise HeadError(f"a head feeds one input, but the network has {listing(inputs.items())}")
    ((name, shape),) = inputs.items()
    if len(shape) != 4 or shape[0] not in {-1, 1} or _CHANNELS not in {shape[1], shape[3]}:
        raise HeadError(
            f"its input {name} is {shape}; an image needs (1, 3, height, width) or "
            "(1, height, width, 3)"
        )
    channels_last = shape[1] != _CHANNELS
    height, width = shape[1:3] if channels_last else shape[2:]
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
    return {name: (1, height, width, 3) if channels_last else (1, 3, height, width)}
