"""Segment Anything: an image is encoded once, then each prompt costs little.

Kirillov et al., "Segment Anything" (2023), with the inputs and outputs of the authors' ONNX
export. The encoder is the slow part, ten times slower than the decoder.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard.imaging import Fit, Image, Interpolation
from modelyard.inference.device import Device
from modelyard.inference.networks.sam_prompts import SIDE, Prompt, frame, prompt
from modelyard.inference.openvino import OpenVINOSession

Floats = NDArray[np.float32]
Bitmap = NDArray[np.bool_]

# Of ImageNet, RGB, 0..255: what the authors' `Sam` normalises with.
_MEAN: Final = np.array([123.675, 116.28, 103.53], np.float32)
_DEVIATION: Final = np.array([58.395, 57.12, 57.375], np.float32)

_QUALITY: Final = "iou_predictions"
_MASK: Final = "low_res_masks"
_MASK_SIDE: Final = 256


class Answer(NamedTuple):
    """What the decoder says of one prompt.

    Attributes:
        logits: float32 [256, 256] over the encoder's square, above 0 on the object.
        quality: The decoder's own estimate of the mask's IoU with the truth, about 0..1.
    """

    logits: Floats
    quality: float


class SamEncoder:
    """Turns images into embeddings: float32 [1, 256, 64, 64], 4 MiB each."""

    def __init__(self, model: Path, device: Device) -> None:
        """Load the encoder, float32 [1, 3, 1024, 1024] in.

        Raises:
            OpenVINOError: the file is no model that can be loaded.
        """
        self._session = OpenVINOSession(
            model, device=device, shapes={"input": (1, 3, SIDE, SIDE)}, outputs=["output"]
        )

    def embed(self, image: Image, fit: Fit) -> Floats:
        """Return the embedding of an image that lies in the square as `fit` says."""
        return np.asarray(self._session.infer({"input": encoder_input(image, fit)})["output"])


def encoder_input(image: Image, fit: Fit) -> Floats:
    """Return float32 [1, 3, 1024, 1024] RGB: normalised, and 0 where the image does not reach.

    The authors scale with Pillow's bilinear filter, which averages over the pixels that become
    one; of OpenCV's filters that is AREA where the image shrinks, and LINEAR where it grows.
    """
    shrinks = max(fit.source) > SIDE
    pixels = fit.apply(
        image.pixels,
        interpolation=Interpolation.AREA if shrinks else Interpolation.LINEAR,
        fill=0,
    )
    normal = (pixels - _MEAN) / _DEVIATION
    normal[fit.inner[1] :] = 0
    normal[:, fit.inner[0] :] = 0
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])


class SamDecoder:
    """Turns prompts on an embedded image into masks."""

    def __init__(
        self,
        model: Path,
        device: Device,
        performance: Literal["latency", "throughput"] = "latency",
    ) -> None:
        """Load the decoder; throughput is for many prompts at a time.

        The mask in the image's size, which the export offers as well, is left out: `bitmap`
        makes it of the small one, and faster.

        Raises:
            OpenVINOError: the file is no model that can be loaded.
        """
        self._session = OpenVINOSession(
            model, device=device, performance=performance, outputs=[_MASK, _QUALITY]
        )

    def decode(self, embedding: Floats, prompts: Sequence[Prompt]) -> list[Answer]:
        """Return an answer to each prompt, in their order.

        Prompts are run one by one, for a batch of them takes as long and more memory.
        """
        nothing = {
            "mask_input": np.zeros((1, 1, _MASK_SIDE, _MASK_SIDE), np.float32),
            "has_mask_input": np.zeros(1, np.float32),
        }
        runs = [
            {
                "image_embeddings": embedding,
                "point_coords": wanted.coordinates,
                "point_labels": wanted.meanings,
                **nothing,
            }
            for wanted in prompts
        ]
        return [
            Answer(outputs[_MASK][0, 0], float(outputs[_QUALITY][0, 0]))
            for outputs in self._session.infer_many(runs)
        ]

    def warm_up(self) -> None:
        """Run once: what takes longer the first time is done then."""
        embedding = np.zeros((1, 256, 64, 64), np.float32)
        self.decode(embedding, [prompt(frame((SIDE, SIDE)), box=(0, 0, SIDE, SIDE))])


def bitmap(answer: Answer, fit: Fit, threshold: float = 0.5) -> Bitmap:
    """Return the mask bool [height, width] of the whole image.

    Enlarged in two steps as the authors do it: to the encoder's square, of which the part with
    the image is cut out and brought to the image's size; both bilinear.

    Args:
        answer: From `SamDecoder.decode`.
        fit: From `sam_prompts.frame`.
        threshold: The least probability 0..1 with which a pixel belongs to the object.
    """
    square = cv2.resize(answer.logits, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    part = square[: fit.inner[1], : fit.inner[0]]
    logits = cv2.resize(part, fit.source, interpolation=cv2.INTER_LINEAR)
    # In float32, which the logits are: comparing with a float64 would convert millions.
    return np.asarray(logits > np.float32(logit(threshold)))


def logit(probability: float) -> float:
    """Return the logarithm of the odds; infinite at 0 and 1."""
    if probability <= 0:
        return -math.inf
    if probability >= 1:
        return math.inf
    return math.log(probability / (1 - probability))
