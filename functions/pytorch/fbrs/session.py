"""Processes click after click, like the authors' predictor."""

from collections.abc import Sequence
from typing import Final, Self

import msgspec
import numpy as np
import torch
from torch import Tensor

from fbrs.network import ClickNetwork, distance_maps, scaled
from fbrs.refinement import Objective, Parameters, changed, click_masks, minimise, unchanged
from fbrs.zoom import TARGET, Bitmap, Click, Region, next_region, region_of
from modelyard import Pixels

_LONGEST: Final = 800
"""Longest side of the network's input for a whole image."""
_NETWORK_CLICKS: Final = 8
"""Maximum number of clicks in the network's input; later ones only count in the refinement."""
_ZOOM_THRESHOLD: Final = 0.5

_MEAN: Final = (0.485, 0.456, 0.406)
_STD: Final = (0.229, 0.224, 0.225)


class Progress(msgspec.Struct, frozen=True):
    """The state of an object after some clicks.

    Attributes:
        clicks: All of them, in the order they were made.
        mask: bool [height, width], the object.
        covered: bool [height, width], True where its probability is above 1/2.
        region: The network's crop; None for the whole image.
        parameters: The refinement's result.
    """

    clicks: tuple[Click, ...]
    mask: Bitmap
    covered: Bitmap
    region: Region | None
    parameters: Parameters

    @classmethod
    def start(cls, size: tuple[int, int]) -> Self:
        """Return the initial state for an image of width and height `size`."""
        nothing = np.zeros(size[::-1], np.bool_)
        return cls((), nothing, nothing, None, unchanged())

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.mask.nbytes + self.covered.nbytes + self.parameters.nbytes


class Predictor:
    """f-BRS-B with ZoomIn and flip averaging, on a network."""

    def __init__(self, network: ClickNetwork, device: torch.device) -> None:
        """Use a network whose weights do not require gradients, on `device`."""
        self._network = network
        self._device = device

    def advance(self, pixels: Pixels, before: Progress, click: Click, threshold: float) -> Progress:
        """Return the state after one more click.

        Args:
            pixels: uint8 [height, width, 3], RGB.
            before: The state after the image's earlier clicks.
            click: In the image.
            threshold: The probability above which a pixel is the object's.
        """
        clicks = (*before.clicks, click)
        region = None
        if before.covered.any():
            region = next_region(before.region, region_of(before.covered, clicks), clicks)
        view = _View.of(pixels.shape[:2], region)
        images = self._both(view.cut(pixels, self._device))
        placed = [view.region.place(each, view.shown) for each in clicks]
        logits, parameters = self._refined(images, placed, before.parameters, threshold)
        straight, mirrored = logits.chunk(2)
        probabilities = (0.5 * (straight + mirrored.flip(3))).sigmoid()
        whole = view.back(probabilities).cpu().numpy()
        mask, covered = whole > threshold, whole > _ZOOM_THRESHOLD
        return Progress(clicks, mask, covered, region, parameters)

    @staticmethod
    def _both(image: Tensor) -> Tensor:
        return torch.cat([image, image.flip(3)])

    def _refined(
        self, images: Tensor, clicks: Sequence[Click], parameters: Parameters, threshold: float
    ) -> tuple[Tensor, Parameters]:
        """Return the logits [2, 1, h, w] of an image and its mirror image, and new parameters."""
        height, width = images.shape[2:]
        size = (height, width)
        flipped = [each._replace(column=width - each.column - 1) for each in clicks]
        maps = torch.stack([_maps(each[:_NETWORK_CLICKS], size) for each in (clicks, flipped)])
        with torch.no_grad():
            features = self._network.features(images, maps.to(self._device))

        def logits(variables: Tensor) -> Tensor:
            return self._network.logits(changed(features, variables), size)

        if len(clicks) > 1:
            masks = np.stack([click_masks(each, size) for each in (clicks, flipped)])
            on_device = torch.from_numpy(masks).to(self._device)
            objective = Objective(logits, on_device, threshold)
            parameters = minimise(objective, parameters)
            if objective.best is not None:
                return objective.best, parameters
        with torch.no_grad():
            given = torch.from_numpy(parameters).float().to(self._device)
            return logits(given), parameters


class _View(msgspec.Struct, frozen=True):
    """The mapping between a crop of an image and the network's input.

    Attributes:
        size: Height and width of the image.
        region: The crop.
        shown: Height and width of the network's input.
        zoomed: Whether it is ZoomIn's rather than the whole image.
    """

    size: tuple[int, int]
    region: Region
    shown: tuple[int, int]
    zoomed: bool

    @classmethod
    def of(cls, size: tuple[int, ...], region: Region | None) -> Self:
        height, width = size
        whole = Region(0, height - 1, 0, width - 1)
        if region is not None:
            return cls((height, width), region, region.shown(TARGET), zoomed=True)
        large = max(height, width) > _LONGEST
        shown = whole.shown(_LONGEST) if large else whole.size
        return cls((height, width), whole, shown, zoomed=False)

    def cut(self, pixels: Pixels, device: torch.device) -> Tensor:
        """Return the crop, float [1, 3, h, w], normalised."""
        top, bottom, left, right = self.region
        part = pixels[top : bottom + 1, left : right + 1]
        values = torch.empty((1, 3, *self.region.size), device=device)
        # In place, and channel by channel: a large image takes four times its bytes as float.
        for index, (mean, std) in enumerate(zip(_MEAN, _STD, strict=True)):
            channel = torch.from_numpy(np.ascontiguousarray(part[..., index]))
            values[0, index].copy_(channel).div_(255).sub_(mean).div_(std)
        # All channels at once: scaled one by one they would differ in their last bits, and the
        # optimiser would end up elsewhere.
        return values if self.region.size == self.shown else scaled(values, self.shown)

    def back(self, probabilities: Tensor) -> Tensor:
        """Return probabilities [1, 1, h, w] of the crop as those of the image [height, width]."""
        if max(self.size) > _LONGEST:
            # The authors' code also takes this path for a crop, once it has shrunk the image.
            probabilities = scaled(probabilities, self.size)
        if not self.zoomed:
            return probabilities[0, 0]
        top, bottom, left, right = self.region
        whole = probabilities.new_zeros(self.size)
        whole[top : bottom + 1, left : right + 1] = scaled(probabilities, self.region.size)[0, 0]
        return whole


def _maps(clicks: Sequence[Click], size: tuple[int, int]) -> Tensor:
    # The authors' code treats negative coordinates as the marker for "no click".
    seen = [click for click in clicks if max(click.row, click.column) >= 0]
    positive = [(click.row, click.column) for click in seen if click.positive]
    negative = [(click.row, click.column) for click in seen if not click.positive]
    return distance_maps(positive, negative, size)
