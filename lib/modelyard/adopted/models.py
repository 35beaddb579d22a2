"""Base classes of adopted functions: each calls its author's `main.py` and decodes the reply.

```python
class Yolov7(AdoptedDetector):
    author = "yolov7.author.main:handler"
```
"""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec

from modelyard.adopted.author import Author, image_text
from modelyard.adopted.detections import DetectionReader
from modelyard.adopted.errors import AuthorError
from modelyard.adopted.shapes import matches, segment, tracked
from modelyard.annotation import ReidBox, Segment, Shape, TrackedShape, bounding_box
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Clicks, Detector, Interactor, Reidentifier, Tracker

log: Final = logging.getLogger(__name__)


class _Adopted:
    """The common base class."""

    author: ClassVar[str]
    """The author's handler, `module:function`."""
    unfinished: ClassVar[str] = ""
    """Why the author's code cannot run yet."""

    def load(self, assets: Assets, device: Device) -> None:
        """Load the author's function.

        Raises:
            AuthorError: something must be done by hand first.
            Exception: raised by the author's code.
        """
        if self.unfinished:
            raise AuthorError(f"{assets.name} is adopted in part: {self.unfinished}")
        self._author = Author(self.author, assets)


class AdoptedDetector(_Adopted, Detector):
    """A detector; what CVAT would drop of its reply is left out, with one warning."""

    def load(self, assets: Assets, device: Device) -> None:
        """Load the author's function; see `_Adopted.load`."""
        super().load(assets, device)
        self._reader = DetectionReader(assets.labels, log.warning)

    def detect(self, image: Image, threshold: float) -> list[Shape]:
        """Return the author's detections, whose score may be below `threshold`.

        Raises:
            AuthorError: its reply is not a detector's.
        """
        reply = self._author.ask({"image": image_text(image), "threshold": threshold})
        return self._reader.read(reply)


class AdoptedInteractor(_Adopted, Interactor):
    """An interactor of either protocol."""

    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the author's segmentation.

        Raises:
            AuthorError: its reply is not an interactor's.
        """
        box = clicks.box
        request: dict[str, Any] = {
            "image": image_text(image),
            "pos_points": clicks.positive,
            "neg_points": clicks.negative,
            "obj_bbox": [box[:2], box[2:]] if box else None,
            "threshold": clicks.threshold,
        }
        if clicks.text:
            request["text_prompts"] = clicks.text
        return segment(self._author.ask(request), image.size)


class AuthorState(msgspec.Struct):
    """An author's state of an object: JSON that only the author's code reads."""

    value: Any


class AdoptedTracker(_Adopted, Tracker[AuthorState]):
    """A tracker of boxes."""

    def start(self, image: Image, shape: TrackedShape) -> AuthorState:
        """Return the author's state of an object in the box around `shape`."""
        return self.start_all(image, [shape])[0]

    def step(self, image: Image, state: AuthorState) -> tuple[Shape | None, AuthorState]:
        """Return the object's position from the author's code, and its new state."""
        return self.step_all(image, [state])[0]

    def start_all(self, image: Image, shapes: Sequence[TrackedShape]) -> list[AuthorState]:
        """Call `start` for all in one request.

        Raises:
            AuthorError: the reply is not a tracker's.
        """
        boxes = [bounding_box(shape) for shape in shapes]
        return [state for _, state in self._ask(image, boxes, [])]

    def step_all(
        self, image: Image, states: Sequence[AuthorState]
    ) -> list[tuple[Shape | None, AuthorState]]:
        """Call `step` for all in one request.

        Raises:
            AuthorError: the reply is not a tracker's.
        """
        return self._ask(image, [None] * len(states), [state.value for state in states])

    def _ask(
        self, image: Image, shapes: Sequence[Any], states: Sequence[Any]
    ) -> list[tuple[Shape | None, AuthorState]]:
        if not shapes:
            return []
        request = {"image": image_text(image), "shapes": shapes, "states": states}
        reply = tracked(self._author.ask(request), len(shapes))
        return [(shape, AuthorState(state)) for shape, state in reply]


class AdoptedReidentifier(_Adopted, Reidentifier):
    """A re-identification."""

    def match(  # noqa: PLR0917 - as in the base class
        self,
        first: Image,
        second: Image,
        boxes0: Sequence[ReidBox],
        boxes1: Sequence[ReidBox],
        threshold: float,
        max_distance: float,
    ) -> list[int]:
        """Return for each of `boxes0` its index in `boxes1`, or -1, as the author's code says.

        Raises:
            AuthorError: its reply is not a list of indices.
        """
        request = {
            "image0": image_text(first),
            "image1": image_text(second),
            "boxes0": [_cvat_box(box) for box in boxes0],
            "boxes1": [_cvat_box(box) for box in boxes1],
            "threshold": threshold,
            "max_distance": max_distance,
        }
        return matches(self._author.ask(request))


def _cvat_box(box: ReidBox) -> dict[str, Any]:
    return {"type": "rectangle", "points": box.box, "label_id": box.label_id}
