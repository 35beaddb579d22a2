"""Models that find bright regions: real, fast, without weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from modelyard.annotation import Box, Rectangle, ReidBox, Segment, Shape, TrackedShape, bounding_box
from modelyard.imaging import Image
from modelyard.inference.boxes import iou_matrix
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Clicks, Detector, Interactor, Reidentifier, Tracker
from modelyard.serving.author.state import PackedArray, StateError
from modelyard_contract.function_types import DETECTOR, INTERACTOR, REID, TRACKER
from modelyard_contract.release import MODEL, MODEL_SCHEMA

LABEL = "bright"
_MODULE = "modelyard.serving.testing.tiny"
_BRIGHT = 128
_CLASSES = {
    DETECTOR: "BrightDetector",
    INTERACTOR: "BrightInteractor",
    TRACKER: "BrightTracker",
    REID: "OverlapReidentifier",
}


def write_assets(folder: Path, type: str = DETECTOR, model: str = "", **params: Any) -> Path:
    """Write the assets of a tiny model of this type to `folder`; return it."""
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_text(json.dumps(description(type, model, **params)))
    return folder


def description(type: str = DETECTOR, model: str = "", **params: Any) -> dict[str, Any]:
    """Return the content of model.json for a tiny model of this type."""
    return {
        "schema": MODEL_SCHEMA,
        "name": f"tiny-{type}",
        "display_name": f"Tiny {type}",
        "type": type,
        "model": model or f"{_MODULE}:{_CLASSES[type]}",
        "labels": [{"id": 1, "name": LABEL, "type": "rectangle", "attributes": []}],
        "params": params,
        "licence": "MIT",
    }


class BrightDetector(Detector):
    """Finds the bright regions; the score is the mean brightness."""

    def load(self, assets: Assets, device: Device) -> None:
        """Take the label from the label set."""
        (self._label,) = assets.labels.names

    def detect(self, image: Image, threshold: float) -> Sequence[Shape]:
        """Return a rectangle for each region, regardless of its score."""
        return [
            Rectangle(self._label, box, confidence=brightness)
            for box, brightness in _regions(image)
        ]


class BrightInteractor(Interactor):
    """Segments the bright region under the first click, or all of them."""

    def load(self, assets: Assets, device: Device) -> None:
        """Do nothing."""

    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the region's pixels."""
        mask = _brightness(image) > 255 * clicks.threshold
        for x, y in clicks.positive[:1]:
            _, numbered = cv2.connectedComponents(mask.astype(np.uint8))
            row, column = min(int(y), image.height - 1), min(int(x), image.width - 1)
            mask &= numbered == numbered[row, column]
        return Segment(mask)


class BrightState(msgspec.Struct):
    """The box of the region: float32 [4]."""

    box: PackedArray
    steps: int = 0


class BrightTracker(Tracker[BrightState]):
    """Follows the bright region that overlaps the last box most."""

    def load(self, assets: Assets, device: Device) -> None:
        """Do nothing."""

    def start(self, image: Image, shape: TrackedShape) -> BrightState:
        """Remember the box."""
        return _state(bounding_box(shape), 0)

    def step(self, image: Image, state: BrightState) -> tuple[Shape | None, BrightState]:
        """Return the region that overlaps the box, or None."""
        last = state.box.unpack(dtype=np.float32, shape=(4,))
        if state.steps < 0:
            raise StateError("the state holds a negative number of steps")
        boxes = [box for box, _ in _regions(image)]
        overlaps = iou_matrix(last[None], np.array(boxes)) if boxes else np.zeros((1, 1))
        best = int(overlaps[0].argmax())
        if overlaps[0, best] <= 0:
            return None, _state(tuple(last.tolist()), state.steps + 1)
        return Rectangle("", boxes[best]), _state(boxes[best], state.steps + 1)


class OverlapReidentifier(Reidentifier):
    """Matches boxes that overlap by at least 1 - threshold, best pairs first."""

    def load(self, assets: Assets, device: Device) -> None:
        """Do nothing."""

    def match(  # noqa: PLR0917 - as in the base class
        self,
        first: Image,
        second: Image,
        boxes0: Sequence[ReidBox],
        boxes1: Sequence[ReidBox],
        threshold: float,
        max_distance: float,
    ) -> Sequence[int]:
        """Return the pairs."""
        matches = [-1] * len(boxes0)
        if not boxes0 or not boxes1:
            return matches
        overlaps = iou_matrix(
            *(np.array([item.box for item in boxes]) for boxes in (boxes0, boxes1))
        )
        while overlaps.max() >= max(1 - threshold, 1e-9):
            row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
            matches[row] = int(column)
            overlaps[row, :] = overlaps[:, column] = -1
        return matches


def _state(box: Box | tuple[float, ...], steps: int) -> BrightState:
    return BrightState(PackedArray.pack(np.array(box, np.float32)), steps)


def _brightness(image: Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(image.pixels.max(axis=2))


def _regions(image: Image) -> list[tuple[Box, float]]:
    """Return the boxes of the bright regions with their mean brightness, 0..1."""
    brightness = _brightness(image)
    _, numbered, stats, _ = cv2.connectedComponentsWithStats(
        (brightness > _BRIGHT).astype(np.uint8)
    )
    found = []
    for number, (left, top, width, height, _) in enumerate(stats[1:].tolist(), start=1):
        score = float(brightness[numbered == number].mean()) / 255
        found.append(((float(left), float(top), float(left + width), float(top + height)), score))
    return found
