"""The detector: boxes of COCO SSD, each cut out by Segment Anything."""

from typing import ClassVar

import numpy as np

from modelyard import Assets, Detector, Device, Image, Mask, Rectangle, crop, polygons
from modelyard.annotation import Box
from modelyard.inference.networks.sam import Bitmap, SamDecoder, SamEncoder, bitmap
from modelyard.inference.networks.sam_prompts import frame, prompt
from modelyard.inference.networks.ssd import CocoSsdNetwork


class CocoInstances(Detector):
    """SSDLite detects the objects, Segment Anything segments them.

    The image is encoded once, and not at all if nothing was detected; the decoder runs once per
    box, several in parallel.

    Attributes:
        margin: How far a mask may extend beyond its box, as a fraction of the box's sides. Boxes
            are imprecise; pixels farther away belong to something else.
    """

    margin: ClassVar[float] = 0.05

    def load(self, assets: Assets, device: Device) -> None:
        """Load the three networks.

        Raises:
            LabelError: a label has no id, or none from 1 to 90.
        """
        self._detector = CocoSsdNetwork(assets.weights("coco_ssd.xml"), assets.labels, device)
        self._encoder = SamEncoder(assets.weights("sam_encoder.onnx"), device)
        self._decoder = SamDecoder(
            assets.weights("sam_decoder.onnx"), device, performance="throughput"
        )

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return objects with a score of at least `threshold`, best first.

        The score is the detector's. Objects with an empty mask are left out.
        """
        found = self._detector.find(image, threshold)
        if not found:
            return []
        fit = frame(image.size)
        embedding = self._encoder.embed(image, fit)
        prompts = [prompt(fit, box=shape.box) for shape in found]
        answers = self._decoder.decode(embedding, prompts)
        masks = (
            instance(shape, bitmap(answer, fit), self.margin)
            for shape, answer in zip(found, answers, strict=True)
        )
        return [mask for mask in masks if mask is not None]

    def warm_up(self) -> None:
        """Run detector and decoder. The encoder gains nothing from warming up."""
        super().warm_up()
        self._decoder.warm_up()


def instance(shape: Rectangle, mask: Bitmap, margin: float) -> Mask | None:
    """Return the part of a mask [height, width] in and near the box of `shape`; None if empty.

    With the outline of its largest part, for users who want polygons.
    """
    left, top, right, bottom = window(shape.box, margin, (mask.shape[1], mask.shape[0]))
    part = crop(mask[top:bottom, left:right])
    if part is None:
        return None
    column, row = part.left + left, part.top + top
    outline = polygons(part.bitmap)[0] + (column, row)
    return Mask(
        shape.label,
        part.bitmap,
        column,
        row,
        tuple(outline.ravel()),
        confidence=shape.confidence,
    )


def window(box: Box, margin: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom (beyond the last) of the pixels in and near a box."""
    corners = np.array(box)
    room = margin * (corners[2:] - corners[:2])
    near = np.floor(corners[:2] - room).clip(0, size)
    far = np.ceil(corners[2:] + room).clip(0, size)
    left, top, right, bottom = (int(edge) for edge in (*near, *far))
    return left, top, right, bottom
