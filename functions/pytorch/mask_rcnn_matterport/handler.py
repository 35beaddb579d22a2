"""The detector: Matterport's Mask R-CNN on torch."""

from typing import ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mask_rcnn_matterport.anchors import anchors
from mask_rcnn_matterport.detection import Objects, choose, propose
from mask_rcnn_matterport.molding import Mold, resize_mask
from mask_rcnn_matterport.network import CLASSES, MaskRCNN
from mask_rcnn_matterport.published import read_keras, rename
from modelyard import Assets, Detector, Device, Image, Mask, crop, polygons
from modelyard.annotation import LabelError
from modelyard.inference.torch_device import prepare, running, torch_device
from modelyard.inference.torch_loading import build_network

_WEIGHTS: Final = "mask_rcnn_coco.h5"
_BACKGROUND: Final = 0


class MatterportMaskRCNN(Detector):
    """Mask R-CNN on ResNet-101 with a feature pyramid, trained on COCO by Matterport.

    Sizes, thresholds and limits are those of the author's configuration for COCO, except that any
    threshold is honoured.

    Attributes:
        shortest: The image is scaled up until its shorter side has this many pixels ...
        side: ... but fits into a square of this size, a multiple of 64, which is the network's
            input.
    """

    default_threshold: float = 0.7
    shortest: ClassVar[int] = 800
    side: ClassVar[int] = 1024

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            LabelError: a label has no id, or none from 0 to 80.
            CheckpointError: the checkpoint is not of this network.
        """
        for label in assets.labels:
            if label.id is None or not 0 <= label.id < CLASSES:
                raise LabelError(f"label {label.name!r} needs an id from 0 to {CLASSES - 1}")
        labels = zip(assets.labels.ids, assets.labels.names, strict=True)
        self._names = {number: name for number, name in labels if number != _BACKGROUND}
        self._classes = np.isin(np.arange(CLASSES), [*self._names])
        path = assets.weights(_WEIGHTS)
        network = build_network(MaskRCNN, read_keras(path), source=path, rename=rename)
        self._device = device
        self._network = prepare(network, device)

    def warm_up(self) -> None:
        """Run the backbone on a small picture; a full-size one takes seconds on a CPU."""
        with running(self._device):
            self._network.features(torch.zeros(1, 3, 64, 64, device=torch_device(self._device)))

    def detect(self, image: Image, threshold: float) -> list[Mask]:
        """Return objects with a score of at least `threshold`, best first."""
        mold = Mold.fitting(image.size, self.shortest, self.side)
        objects, masks = self._run(mold, mold.apply(image.pixels), threshold)
        boxes = mold.to_image(objects.boxes.cpu().numpy())
        found = zip(boxes, objects.classes.tolist(), objects.scores.tolist(), masks, strict=True)
        shapes = (
            _shape(self._names[number], box, mask, score) for box, number, score, mask in found
        )
        return [shape for shape in shapes if shape is not None]

    def _run(
        self, mold: Mold, pixels: NDArray[np.float32], threshold: float
    ) -> tuple[Objects, NDArray[np.float32]]:
        """Return the objects in input coordinates, and their masks float32 [N, 28, 28]."""
        device = torch_device(self._device)
        area = mold.side * mold.side
        with running(self._device):
            maps = self._network.features(_to_input(pixels).to(device))
            scores, deltas = self._network.proposals(maps)
            boxes = propose(scores, deltas, anchors(mold.side).to(device))
            probabilities, changes = self._network.classifier(maps, boxes, area)
            objects = choose(
                boxes,
                probabilities,
                changes,
                window=mold.window,
                threshold=threshold,
                classes=self._classes,
            )
            masks = self._network.masks(maps, objects.boxes, objects.classes, area)
        return objects, masks.cpu().numpy()


def _shape(
    label: str, box: NDArray[np.int64], mask: NDArray[np.float32], score: float
) -> Mask | None:
    """Return the shape of a mask float32 [28, 28] over a box; None if it covers no pixel."""
    top, left, bottom, right = (int(edge) for edge in box)
    if top >= bottom or left >= right:
        return None
    part = crop(resize_mask(mask, (right - left, bottom - top)) >= 0.5)
    if part is None:
        return None
    left, top = left + part.left, top + part.top
    outline = tuple((polygons(part.bitmap)[0] + (left, top)).ravel())
    return Mask(label, part.bitmap, left, top, polygon=outline, confidence=score)


def _to_input(pixels: NDArray[np.float32]) -> Tensor:
    """Transpose float32 [height, width, 3] to [1, 3, height, width]."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]
