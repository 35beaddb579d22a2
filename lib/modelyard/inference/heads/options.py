"""What an author may say about a network beside the name of its head."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Self

import msgspec

from modelyard.inference.heads.errors import HeadError
from modelyard_contract.heads import (
    OPTIONS,
    Activation,
    Background,
    Boxes,
    BoxUnit,
    Channels,
    HeadOptionError,
    Resize,
    Suppression,
    check_options,
)

Triple = tuple[float, float, float]

IMAGENET_MEAN: Final[Triple] = (123.675, 116.28, 103.53)
IMAGENET_DEVIATION: Final[Triple] = (58.395, 57.12, 57.375)
"""RGB 0..255, of ImageNet's photographs, as torchvision's models are trained with."""


class HeadOptions(msgspec.Struct, frozen=True):
    """How a network is fed and read. Each head has its own defaults; see `docs/bring-your-own.md`.

    What authors may set each option to is in `modelyard_contract.heads`.

    The network is shown (pixels - `mean`) / `scale`, pixels being 0..255.

    Attributes:
        input_size: Width and height of the input, where the file leaves them open.
        channels: Order of the colours.
        mean: Subtracted from each channel, in the order of `channels`.
        scale: What each channel is divided by after that.
        resize: How the image gets to the input's size: "stretch" whatever its proportions;
            with them kept in the middle, "letterbox", or in the corner, "letterbox_top_left".
        padding: Value 0..255 of what is beside a letterboxed image.
        activation: What makes chances 0..1 of the network's class scores.
        first_id: The id, among those of the labels, of the network's first class.
        background: The class that stands for no object; "none" where all are objects.
        boxes: What the four numbers of a box are: corners as x, y, x, y or y, x, y, x, or the
            centre and the sides.
        box_unit: Whether boxes are fractions of the input or its pixels.
        nms_threshold: Of two boxes with a higher intersection over union only the better stays.
        nms: Whether only boxes of one class compete ("class"), all ("agnostic"), or none.
        limit: The most shapes reported in an image.
    """

    input_size: tuple[int, int] | None = None
    channels: Channels = "rgb"
    mean: Triple = (0.0, 0.0, 0.0)
    scale: Triple = (1.0, 1.0, 1.0)
    resize: Resize = "stretch"
    padding: int = 114
    activation: Activation = "none"
    first_id: int = 0
    background: Background = "none"
    boxes: Boxes = "xyxy"
    box_unit: BoxUnit = "fractions"
    nms_threshold: float = 0.45
    nms: Suppression = "class"
    limit: int = 100

    def changed(self, given: Mapping[str, Any], known: Collection[str] = tuple(OPTIONS)) -> Self:
        """Return these options with those that an author gives in their place.

        Args:
            given: What the author says.
            known: The options that the head reads.

        Raises:
            HeadError: one is unknown or has a value that is not accepted.
        """
        try:
            check_options(given, known)
        except HeadOptionError as error:
            raise HeadError(str(error)) from None
        return msgspec.convert({**msgspec.to_builtins(self), **given}, type=type(self))
