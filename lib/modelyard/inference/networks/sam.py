"""Segment Anything: an image is encoded once, then each prompt is cheap.

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

# ImageNet's, RGB, 0..255, as in the authors' `Sam`.
_MEAN: Final = np.array([123.675, 116.28, 103.53], np.float32)
_STD: Final = np.array([58.395, 57.12, 57.375], np.float32)

_QUALITY: Final = "iou_predictions"
_MASK: Final = "low_res_masks"
_MASK_SIDE: Final = 256


class Answer(NamedTuple):
    """The decoder's output for one prompt.

    Attributes:
        logits: float32 [256, 256] over the encoder's square input, above 0 on the object.
        quality: The decoder's estimate of the mask's IoU with the ground truth, about 0..1.
    """

    logits: Floats
    quality: float


class SamEncoder:
    """Turns images into embeddings: float32 [1, 256, 64, 64], 4 MiB each."""

    def __init__(self, model: Path, device: Device) -> None:
        """Load the encoder; its input is float32 [1, 3, 1024, 1024].

        Raises:
            OpenVINOError: the file cannot be loaded as a model.
        """
        self._session = OpenVINOSession(
            model, device=device, shapes={"input": (1, 3, SIDE, SIDE)}, outputs=["output"]
        )

    def embed(self, image: Image, fit: Fit) -> Floats:
        """Return the embedding of an image, placed in the square by `fit`."""
        return np.asarray(self._session.infer({"input": encoder_input(image, fit)})["output"])


def encoder_input(image: Image, fit: Fit) -> Floats:
    """Return float32 [1, 3, 1024, 1024] RGB: normalised, and 0 around the image.

    The authors resize with Pillow's bilinear filter, which averages over the source pixels; in
    OpenCV that is AREA for shrinking and LINEAR for enlarging.
    """
    shrinks = max(fit.source) > SIDE
    pixels = fit.apply(
        image.pixels,
        interpolation=Interpolation.AREA if shrinks else Interpolation.LINEAR,
        fill=0,
    )
    normal = (pixels - _MEAN) / _STD
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
        """Load the decoder; use throughput for many prompts at a time.

        The export's full-size mask is not computed: `bitmap` derives it from the small one, faster.

        Raises:
            OpenVINOError: the file cannot be loaded as a model.
        """
        self._session = OpenVINOSession(
            model, device=device, performance=performance, outputs=[_MASK, _QUALITY]
        )

    def decode(self, embedding: Floats, prompts: Sequence[Prompt]) -> list[Answer]:
        """Return an answer for each prompt, in order.

        Prompts run one by one: a batch takes as long and needs more memory.
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
        """Run once, since the first run is slower."""
        embedding = np.zeros((1, 256, 64, 64), np.float32)
        self.decode(embedding, [prompt(frame((SIDE, SIDE)), box=(0, 0, SIDE, SIDE))])


def bitmap(answer: Answer, fit: Fit, threshold: float = 0.5) -> Bitmap:
    """Return the mask bool [height, width] of the whole image.

    Enlarged bilinearly in two steps, as by the authors: to the encoder's square, from which the
    image is cropped, and then to the image's size.

    Args:
        answer: From `SamDecoder.decode`.
        fit: From `sam_prompts.frame`.
        threshold: The minimum probability 0..1 of a pixel of the object.
    """
    square = cv2.resize(answer.logits, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    part = square[: fit.inner[1], : fit.inner[0]]
    logits = cv2.resize(part, fit.source, interpolation=cv2.INTER_LINEAR)
    # In float32 like the logits: a float64 would convert millions of them.
    return np.asarray(logits > np.float32(logit(threshold)))


def logit(probability: float) -> float:
    """Return the log-odds; infinite at 0 and 1."""
    if probability <= 0:
        return -math.inf
    if probability >= 1:
        return math.inf
    return math.log(probability / (1 - probability))
