"""The interactor: Inside-Outside Guidance around the network."""

from typing import Final

import numpy as np
import torch

from iog.guidance import click_maps, crop_around, outside_points, paste, pixels_of
from iog.network import InsideOutside
from modelyard import Assets, Clicks, Device, Image, Interactor, RequestError, Segment
from modelyard.annotation import Box
from modelyard.inference.checkpoints import find_state
from modelyard.inference.torch_device import prepare, running, torch_device
from modelyard.inference.torch_loading import build_network, without_prefix

_WEIGHTS: Final = "IOG_PASCAL_SBD.pth"


class InsideOutsideGuidance(Interactor):
    """Segments the object in a box from inside and outside clicks.

    The image, its margin and the outside points follow the authors' training and test code. The
    threshold is compared with probabilities.
    """

    default_threshold = 0.5

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            CheckpointError: the checkpoint is not the authors'.
        """
        path = assets.weights(_WEIGHTS)
        state = find_state(path, "state_dict")
        network = build_network(InsideOutside, state, source=path, rename=without_prefix("module."))
        self._device = device
        self._network = prepare(network, device)

    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the object's mask.

        Raises:
            RequestError: 400, there is no box and nothing to derive one from, or it is outside the
                image.
        """
        box, outside = box_and_outside(clicks)
        box = _within(box, image)
        crop = crop_around(box)
        # The authors click in the middle of the object; the middle of the box replaces it.
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        inside = clicks.positive or (middle,)
        maps = click_maps(
            (crop.place(point) for point in inside),
            [*outside_points(crop), *(crop.place(point) for point in outside)],
        )
        shown = np.concatenate([pixels_of(image.pixels, crop), maps], axis=2).transpose(2, 0, 1)
        with running(self._device):
            images = torch.from_numpy(np.ascontiguousarray(shown[None]))
            logits = self._network(images.to(torch_device(self._device)))
            probabilities = logits.float().sigmoid()[0, 0].cpu().numpy()
        return Segment(paste(probabilities, crop, image.size) > clicks.threshold)


def box_and_outside(clicks: Clicks) -> tuple[Box, tuple[tuple[float, float], ...]]:
    """Return the box of a request, and its negative clicks.

    CVAT 1.4 sends the corners of the box as negative clicks, and no box. So without a box, at least
    two negative clicks that span an area are taken as its corners.

    Raises:
        RequestError: 400, there is neither.
    """
    if clicks.box is not None:
        return clicks.box, clicks.negative
    if clicks.negative:
        xs, ys = zip(*clicks.negative, strict=True)
        box = (min(xs), min(ys), max(xs), max(ys))
        if box[0] < box[2] and box[1] < box[3]:
            return box, ()
    raise RequestError(400, "obj_bbox: draw a box around the object before clicking on it")


def _within(box: Box, image: Image) -> Box:
    """Return the box clipped to the image."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[2], float(image.width)), min(box[3], float(image.height))
    if left >= right or top >= bottom:
        raise RequestError(
            400, f"obj_bbox: the box is outside the {image.width}x{image.height} image"
        )
    return left, top, right, bottom
