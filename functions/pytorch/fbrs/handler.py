"""The interactor: f-BRS around the network, with cached results of earlier clicks."""

import threading
from typing import ClassVar, Final

import numpy as np

from fbrs.network import ClickNetwork
from fbrs.refinement import load_optimiser
from fbrs.session import Predictor, Progress
from fbrs.zoom import Click
from modelyard import Assets, Clicks, Device, Image, Interactor, RequestError, Segment
from modelyard.inference.checkpoints import find_state
from modelyard.inference.torch_device import prepare, running, torch_device
from modelyard.inference.torch_loading import build_network, without_prefix
from modelyard.serving.author.cache import ByteCache

_WEIGHTS: Final = "resnet101_dh256_sbd.pth"
_WARM_SIDE: Final = 8

Points = tuple[tuple[float, float], ...]
_Key = tuple[str, float, Points, Points]


class FeatureRefinement(Interactor):
    """Segments an object from positive and negative clicks.

    CVAT resends all clicks with each new one, positive and negative ones separately. They are
    processed one by one, since ZoomIn's crop depends on the previous mask. Results of earlier
    clicks and their order are cached, so that each new click is one step. If the order is unknown,
    positive clicks come first.

    Attributes:
        remembered: Size of the mask cache in bytes.
    """

    default_threshold = 0.5
    remembered: ClassVar[int] = 128 * 1024 * 1024

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            CheckpointError: the checkpoint is not the authors'.
        """
        path = assets.weights(_WEIGHTS)
        network = build_network(
            ClickNetwork,
            find_state(path, "state_dict"),
            source=path,
            rename=without_prefix("module."),
        )
        self._device = device
        self._predictor = Predictor(prepare(network, device), torch_device(device))
        self._known: ByteCache[_Key, Progress] = ByteCache(self.remembered, _bytes_of)

    def warm_up(self) -> None:
        """Run the network for one click, and import the optimiser in a separate thread.

        Even the smallest image touches all weights. A first click does not need the optimiser, so
        the function is ready before it is loaded. A second click waits for it if necessary, no
        longer than if it had been loaded first.
        """
        image = Image.from_pixels(np.full((_WARM_SIDE, _WARM_SIDE, 3), 127, np.uint8))
        self.segment(image, Clicks(positive=((_WARM_SIDE / 2, _WARM_SIDE / 2),)))
        threading.Thread(target=load_optimiser, name="optimiser").start()

    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the object's mask. A box is ignored.

        Raises:
            RequestError: 400, there is no click on the object.
        """
        if not clicks.positive:
            raise RequestError(400, "pos_points: click on the object first")
        progress = self._latest(image, clicks)
        inside, outside = _counts(progress)
        coming = [_click(True, point, image) for point in clicks.positive[inside:]]
        coming += [_click(False, point, image) for point in clicks.negative[outside:]]
        with running(self._device, half=False, gradients=True):
            for click in coming:
                progress = self._one_more(image, clicks, progress, click)
        return Segment(progress.mask)

    def _latest(self, image: Image, clicks: Clicks) -> Progress:
        """Return the cached result for the largest known subset of the clicks, in any order."""
        pairs = [
            (inside, outside)
            for inside in range(len(clicks.positive) + 1)
            for outside in range(len(clicks.negative) + 1)
        ]
        for inside, outside in sorted(pairs, key=sum, reverse=True):
            progress = self._known.get(_key(image, clicks, inside, outside))
            if progress is not None:
                return progress
        return Progress.start(image.size)

    def _one_more(self, image: Image, clicks: Clicks, before: Progress, click: Click) -> Progress:
        """Return the result of one more of `clicks`, and cache it."""
        inside, outside = _counts(before)
        key = _key(image, clicks, inside + click.positive, outside + (not click.positive))
        return self._known.get_or_make(
            key, lambda: self._predictor.advance(image.pixels, before, click, clicks.threshold)
        )


def _counts(progress: Progress) -> tuple[int, int]:
    """Return the numbers of positive and negative clicks."""
    inside = sum(click.positive for click in progress.clicks)
    return inside, len(progress.clicks) - inside


def _key(image: Image, clicks: Clicks, inside: int, outside: int) -> _Key:
    """Return the cache key of the first so many positive and negative clicks."""
    return image.digest, clicks.threshold, clicks.positive[:inside], clicks.negative[:outside]


def _click(positive: bool, point: tuple[float, float], image: Image) -> Click:
    """Return a point as a click, clipped to the image."""
    x, y = (
        min(max(value, 0.0), length - 1.0) for value, length in zip(point, image.size, strict=True)
    )
    return Click(positive, y, x)


def _bytes_of(progress: Progress) -> int:
    return progress.nbytes
