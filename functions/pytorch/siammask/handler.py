"""The tracker: SiamMask around the network."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelyard import (
    Assets,
    Device,
    Image,
    Mask,
    PackedArray,
    Polygon,
    Rectangle,
    Shape,
    StateError,
    TrackedShape,
    Tracker,
    bounding_box,
    crop,
    polygons,
)
from modelyard.annotation import rectangle_corners
from modelyard.inference.folding import fold_norms
from modelyard.inference.precision import PrecisionSettings, supported_precision
from modelyard.inference.torch_device import prepare, running, torch_device
from siammask import weights
from siammask.decoding import choose, held_to
from siammask.geometry import Pixels, Target, cut, exemplar_side, search_side
from siammask.pasting import Bitmap, mask_square, paste, turned_box
from siammask.sizes import ANCHORS, EXEMPLAR, SEARCH
from siammask.state import Form, SiamMaskState

Item = TypeVar("Item")

_WEIGHTS: Final = "SiamMask_DAVIS.pth"


class SiamMaskTracker(Tracker[SiamMaskState]):
    """SiamMask-sharp in the configuration for DAVIS: `experiments/siammask_sharp` of its authors.

    The network was trained with OpenCV's BGR images. Objects are reported in the type they were
    drawn in: as polygon, as mask, or as the rotated rectangle around the mask.

    Attributes:
        batch: Maximum batch size of the network; bounds the memory.
    """

    shape_types = ("rectangle", "polygon", "mask")
    batch: ClassVar[int] = 8

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            CheckpointError: the checkpoint is not the authors'.
            ParamsError: `params` request an unknown precision.
        """
        settings = assets.params.read(PrecisionSettings)
        self._device, self._precision = device, supported_precision(settings.precision)
        network = weights.load(assets.weights(_WEIGHTS)).eval()
        fold_norms(network)
        self._network = prepare(network, device, channels_last=True)

    def start(self, image: Image, shape: TrackedShape) -> SiamMaskState:
        """Return the state of an object drawn in `image`."""
        (state,) = self.start_all(image, [shape])
        return state

    def start_all(self, image: Image, shapes: Sequence[TrackedShape]) -> list[SiamMaskState]:
        """Do `start` for each of `shapes`, in batches."""
        if not shapes:
            return []
        mean = image.pixels.mean(axis=(0, 1))
        padding = (float(mean[0]), float(mean[1]), float(mean[2]))
        return [
            state
            for group in _chunks(shapes, self.batch)
            for state in self._start(image.pixels, padding, group)
        ]

    def step(self, image: Image, state: SiamMaskState) -> tuple[Shape | None, SiamMaskState]:
        """Find an object in the next `image`.

        Raises:
            StateError: the state is not one of this model's.
        """
        (found,) = self.step_all(image, [state])
        return found

    def step_all(
        self, image: Image, states: Sequence[SiamMaskState]
    ) -> list[tuple[Shape | None, SiamMaskState]]:
        """Do `step` for each of `states`, in batches."""
        return [
            found for group in _chunks(states, self.batch) for found in self._step(image, group)
        ]

    def _start(
        self, pixels: Pixels, padding: tuple[float, float, float], shapes: Sequence[TrackedShape]
    ) -> list[SiamMaskState]:
        targets = [_target(shape) for shape in shapes]
        squares = [
            cut(pixels, (target.x, target.y), round(exemplar_side(target)), EXEMPLAR, padding)
            for target in targets
        ]
        with running(self._device, precision=self._precision):
            templates = self._network.template(self._images(squares)).float().cpu().numpy()
        return [
            SiamMaskState(
                PackedArray.pack(template), **target._asdict(), padding=padding, form=_form(shape)
            )
            for template, target, shape in zip(templates, targets, shapes, strict=True)
        ]

    def _step(
        self, image: Image, states: Sequence[SiamMaskState]
    ) -> list[tuple[Shape | None, SiamMaskState]]:
        targets = [state.target for state in states]
        sides = [round(search_side(target)) for target in targets]
        squares = [
            cut(image.pixels, (state.x, state.y), side, SEARCH, state.padding)
            for state, side in zip(states, sides, strict=True)
        ]
        templates = np.stack([state.features() for state in states])
        with running(self._device, precision=self._precision):
            found = self._network.search(self._tensor(templates), self._images(squares))
            scores = _split(found.scores, 2).softmax(1)[:, 1].cpu().numpy()
            deltas = _split(found.boxes, 4).cpu().numpy()
            best = []
            for score, delta, target in zip(scores, deltas, targets, strict=True):
                place = choose(score, delta, target, EXEMPLAR / exemplar_side(target))
                if place is None:
                    raise StateError("the state leads to no finite place; start tracking again")
                best.append(place)
            rows = torch.tensor([place.row for place in best], device=found.scores.device)
            columns = torch.tensor([place.column for place in best], device=found.scores.device)
            masks = self._network.refine(found, rows, columns).float().sigmoid().cpu().numpy()
        results: list[tuple[Shape | None, SiamMaskState]] = []
        for state, side, place, mask in zip(states, sides, best, masks, strict=True):
            square = mask_square((state.x, state.y), side, place.row, place.column)
            shape = report(paste(mask, square, image.size), place.target, state.form)
            results.append((shape, state.moved(held_to(place.target, image.size))))
        return results

    def _images(self, squares: Sequence[Pixels]) -> Tensor:
        """Return RGB squares as network input: float [n, 3, h, w], BGR.

        The memory layout stays channels-last.
        """
        return self._tensor(np.stack(squares)[..., ::-1].astype(np.float32)).permute(0, 3, 1, 2)

    def _tensor(self, array: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(torch_device(self._device))


def _split(maps: Tensor, parts: int) -> Tensor:
    """Reshape maps [n, parts * 5, h, w] to float32 [n, parts, 5, h, w]."""
    return maps.float().reshape(len(maps), parts, ANCHORS, *maps.shape[2:])


def report(bitmap: Bitmap, target: Target, form: Form) -> Shape | None:
    """Return an object's shape, in the type it was drawn in.

    If the mask is empty, a rectangle or polygon is the box of `target`, and a mask is lost.
    """
    if form == "mask":
        part = crop(bitmap)
        return None if part is None else Mask("", *part)
    found, degrees = turned_box(bitmap, target)
    if form == "polygon" and bitmap.any():
        return Polygon("", _flat(polygons(bitmap)[0]))
    left, top = found.x - found.width / 2, found.y - found.height / 2
    box = (left, top, left + found.width, top + found.height)
    rectangle = Rectangle("", box, rotation=degrees)
    return rectangle if form == "rectangle" else Polygon("", _flat(rectangle_corners(rectangle)))


def _flat(corners: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(corners.ravel().tolist())


def _chunks(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + most] for start in range(0, len(items), most))


def _form(shape: TrackedShape) -> Form:
    match shape:
        case Polygon():
            return "polygon"
        case Mask():
            return "mask"
        case _:
            return "rectangle"


def _target(shape: TrackedShape) -> Target:
    left, top, right, bottom = bounding_box(shape)
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    return Target((left + right) / 2, (top + bottom) / 2, width, height)
