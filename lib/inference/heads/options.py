"""What an author may say about a network beside the name of its head."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

import msgspec

from inference.heads.errors import HeadError

Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]
Triple = tuple[float, float, float]
Side = Annotated[int, msgspec.Meta(ge=16, le=8192)]
Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]

IMAGENET_MEAN: Final[Triple] = (123.675, 116.28, 103.53)
IMAGENET_DEVIATION: Final[Triple] = (58.395, 57.12, 57.375)
"""RGB 0..255, of ImageNet's photographs, as torchvision's models are trained with."""


class HeadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a network is fed and read. Each head has its own defaults; see `docs/bring-your-own.md`.

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

    input_size: tuple[Side, Side] | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    mean: Triple = (0.0, 0.0, 0.0)
    scale: Triple = (1.0, 1.0, 1.0)
    resize: Literal["stretch", "letterbox", "letterbox_top_left"] = "stretch"
    padding: Byte = 114
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    first_id: Literal[0, 1] = 0
    background: Literal["none", "first", "last"] = "none"
    boxes: Literal["xyxy", "yxyx", "cxcywh"] = "xyxy"
    box_unit: Literal["fractions", "pixels"] = "fractions"
    nms_threshold: Unit = 0.45
    nms: Literal["class", "agnostic", "none"] = "class"
    limit: Annotated[int, msgspec.Meta(ge=1, le=10000)] = 100

    def changed(self, given: Mapping[str, Any]) -> Self:
        """Return these options with those that an author gives in their place.

        Raises:
            HeadError: one is unknown or has a value that is not accepted.
        """
        defaults = msgspec.to_builtins(self)
        try:
            options = msgspec.convert({**defaults, **given}, type=type(self))
        except msgspec.ValidationError as error:
            raise HeadError(f"head_options: {error}") from None
        if 0 in options.scale:
            raise HeadError("head_options: nothing can be divided by a scale of 0")
        return options
