"""The options that an author can set for a head."""

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
    Interpolation,
    Resize,
    Score,
    Suppression,
    Task,
    check_options,
)

Triple = tuple[float, float, float]

IMAGENET_MEAN: Final[Triple] = (123.675, 116.28, 103.53)
IMAGENET_STD: Final[Triple] = (58.395, 57.12, 57.375)
"""RGB, 0..255, as in the training of torchvision's models."""


class HeadOptions(msgspec.Struct, frozen=True):
    """How to feed a network and decode its outputs. See `docs/bring-your-own.md`.

    Each head has its own defaults; `modelyard_contract.heads` defines the accepted values.

    The network's input is (pixels - `mean`) / `scale`, with pixels 0..255.

    Attributes:
        input_size: Width and height of the input, if the file leaves them open.
        channels: Colour order.
        mean: Subtracted from each channel, in the order of `channels`.
        scale: Divisor of each channel after that.
        resize: How the image is fitted to the input: "stretch" ignores the aspect ratio;
            "letterbox" keeps it and centres the image, "letterbox_top_left" does not centre;
            "center_crop" scales the short side and crops the long one, for classification only.
        interpolation: How pixels are resized: "bilinear" from the four nearest, as OpenCV and
            torch; with "_antialias" from all that a smaller one covers, as Pillow. A centre crop
            always has "bilinear_antialias".
        padding: Value 0..255 around a letterboxed image.
        activation: What turns the network's class scores into probabilities 0..1.
        first_id: The label id of the network's first class.
        background: The class that means "no object"; "none" if all classes are objects.
        boxes: Format of a box: corners as x, y, x, y or y, x, y, x, or centre and size.
        box_unit: Whether boxes are in fractions or in pixels of the input.
        nms_threshold: IoU above which only the better of two boxes is kept.
        nms: NMS per class ("class"), across classes ("agnostic"), or "none".
        limit: Maximum number of shapes per image.
        task: What a row describes besides its class: a box ("detect"), and its mask ("segment"),
            its joints ("pose"), or a box with a rotation ("obb").
        kpt_shape: The number of joints, and whether each has x, y or x, y and a visibility.
        score: Objectness times the class probability ("product"), or objectness alone, for
            networks of one class whose class score is not trained.
    """

    input_size: tuple[int, int] | None = None
    channels: Channels = "rgb"
    mean: Triple = (0.0, 0.0, 0.0)
    scale: Triple = (1.0, 1.0, 1.0)
    resize: Resize = "stretch"
    interpolation: Interpolation = "bilinear"
    padding: int = 114
    activation: Activation = "none"
    first_id: int = 0
    background: Background = "none"
    boxes: Boxes = "xyxy"
    box_unit: BoxUnit = "fractions"
    nms_threshold: float = 0.45
    nms: Suppression = "class"
    limit: int = 100
    task: Task = "detect"
    kpt_shape: tuple[int, int] | None = None
    score: Score = "product"

    def changed(self, given: Mapping[str, Any], known: Collection[str] = tuple(OPTIONS)) -> Self:
        """Return these options with an author's changes.

        Args:
            given: The author's options.
            known: The options that the head reads.

        Raises:
            HeadError: an option is unknown or its value is not accepted.
        """
        try:
            check_options(given, known)
        except HeadOptionError as error:
            raise HeadError(str(error)) from None
        return msgspec.convert({**msgspec.to_builtins(self), **given}, type=type(self))
