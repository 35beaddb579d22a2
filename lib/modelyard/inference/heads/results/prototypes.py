"""Masks as linear combinations of prototypes.

Bolya, Zhou, Xiao and Lee, "YOLACT: Real-time Instance Segmentation" (arXiv 1904.02689): the network
gives M maps that cover its input, and each object M coefficients. The sum is the logit of a pixel;
the mask is cut to the object's box.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Floats
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.shapes import Outputs, listing


class Layout(NamedTuple):
    """The output with the prototypes.

    Attributes:
        name: Its name.
        maps: M, or -1.
        channels_last: Whether it is [1, h, w, M] rather than [1, M, h, w].
    """

    name: str
    maps: int
    channels_last: bool


class Prototypes(NamedTuple):
    """M maps float32 [M, h, w] that cover the network's input."""

    maps: Floats

    @classmethod
    def of(cls, layout: Layout | None, arrays: Mapping[str, NDArray[Any]]) -> Self | None:
        """Return the prototypes of an answer; None without a layout."""
        if layout is None:
            return None
        maps = arrays[layout.name][0]
        if layout.channels_last:
            maps = maps.transpose(2, 0, 1)
        return cls(np.asarray(maps, np.float32))

    def logits(self, coefficients: Floats, rows: slice, columns: slice) -> Floats:
        """Return a part of the logits of a mask, float32 [rows, columns].

        Args:
            coefficients: [M], of the mask.
            rows: Of its cells.
            columns: Of its cells.
        """
        part = self.maps[:, rows, columns]
        logits = coefficients @ part.reshape(len(part), -1)
        return np.asarray(logits, np.float32).reshape(part.shape[1:])


def find_prototypes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> Layout | None:
    """Return the output with the prototypes; None if the task is another.

    Args:
        outputs: The network's outputs.
        size: Width and height of its input, to which the maps are proportional.
        options: Of the head.

    Raises:
        HeadError: there is not exactly one such output.
    """
    if options.task != "segment":
        return None
    found = [(name, shape) for name, shape in outputs if len(shape) == 4]
    if len(found) != 1:
        raise HeadError(
            f'task "segment" needs prototypes (1, M, height, width), not {listing(outputs)}'
        )
    ((name, shape),) = found
    last = _channels_last(shape, size, options)
    return Layout(name, shape[3] if last else shape[1], last)


def _channels_last(shape: tuple[int, ...], size: tuple[int, int], options: HeadOptions) -> bool:
    first, last = (height * size[0] == width * size[1] for height, width in (shape[2:], shape[1:3]))
    if first != last:
        return last
    if first:
        # Both fit: exporters of fractions, for TensorFlow, have the channels last.
        return options.box_unit == "fractions"
    return 0 < shape[3] < shape[1]
