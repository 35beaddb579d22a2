"""The base classes for models: one class, no plumbing.

```python
class Coco(Detector):
    def load(self, assets: Assets, device: Device) -> None: ...
    def detect(self, image: Image, threshold: float) -> list[Shape]: ...
```

Pixels are RGB. Coordinates are float pixels of the image that was passed in,
x to the right, y down, origin in the top left corner. A model
need not do anything else: decoding, validation, clipping, filtering by score and
encoding happen outside.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar, get_args, get_origin

import msgspec
import numpy as np

from modelyard.annotation import Rectangle, ReidBox, Segment, Shape, TrackedShape
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard_contract.function_types import DETECTOR, INTERACTOR, REID, TRACKER

_BLANK_SIDE = 64

StateT = TypeVar("StateT", bound=msgspec.Struct)


class Clicks(msgspec.Struct, frozen=True):
    """A user's clicks on an object in an image.

    `positive` and `negative` hold (x, y) points in the order of the clicks,
    clipped to the image;
    `box` is (left, top, right, bottom), sorted, or None; `text` contains words
    that describe the object, for models that support them. `threshold` (0..1)
    is the minimum probability of a pixel of the object.
    """

    positive: tuple[tuple[float, float], ...] = ()
    negative: tuple[tuple[float, float], ...] = ()
    box: tuple[float, float, float, float] | None = None
    text: tuple[str, ...] = ()
    threshold: float = 0.5


class NotWrittenError(Exception):
    """The model's class is not written yet; the one-line message says in which file to do so."""

    def __init__(self, file: str) -> None:
        """Name `file`, a path in the repository."""
        super().__init__(f"there is no model here yet; write it in {file}")


class Model(ABC):
    """The base class of all models."""

    kind: ClassVar[str]

    @abstractmethod
    def load(self, assets: Assets, device: Device) -> None:
        """Load the weights. Runs once in each worker process, before any request.

        Read the BUILD target's `params` here (`modelyard.serving.author.params.Params`); if they
        are not read, they are refused.
        """

    @abstractmethod
    def warm_up(self) -> None:
        """Run the model once, so that the first request is not the slow one."""


class Detector(Model):
    """Finds objects in an image. Classifiers are detectors that return tags."""

    kind = DETECTOR
    default_threshold: float = 0.5
    """The threshold of requests without one; a model may set its own when it loads."""

    @abstractmethod
    def detect(self, image: Image, threshold: float) -> Sequence[Shape]:
        """Return detections with a score of at least `threshold` (0..1)."""

    def warm_up(self) -> None:
        """Detect on a blank image."""
        self.detect(blank_image(), self.default_threshold)


class Interactor(Model):
    """Segments the object that a user clicks on."""

    kind = INTERACTOR
    default_threshold: ClassVar[float] = 0.5

    @abstractmethod
    def segment(self, image: Image, clicks: Clicks) -> Segment:
        """Return the object's mask, with the image's height and width."""

    def warm_up(self) -> None:
        """Segment a blank image, with a box and clicks."""
        side = float(_BLANK_SIDE)
        middle, near, far = side / 2, side / 4, side * 3 / 4
        extremes = ((near, middle), (middle, near), (far, middle), (middle, far))
        clicks = Clicks(positive=extremes, box=(near, near, far, far))
        self.segment(blank_image(), clicks)


class Tracker(Model, Generic[StateT]):
    """Follows objects from frame to frame.

    The state between two frames is a msgspec Struct defined by the author and given as
    the type argument: `class SiamMask(Tracker[SiamMaskState])`. It travels
    through the client, so it has plain values and `modelyard.serving.author.state.PackedArray`
    for arrays, and `step` must expect any value that fits its types.
    """

    kind = TRACKER
    shape_types: ClassVar[tuple[str, ...]] = ()
    """The function's `supported_shape_types`; empty: boxes only."""
    state_type: ClassVar[type[msgspec.Struct]]
    """The type argument; set automatically."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for base in getattr(cls, "__orig_bases__", ()):
            if get_origin(base) is Tracker:
                (cls.state_type,) = get_args(base)
        if not hasattr(cls, "state_type"):
            raise TypeError(f"class {cls.__name__} must derive from Tracker[<its State>]")

    @abstractmethod
    def start(self, image: Image, shape: TrackedShape) -> StateT:
        """Return the state of an object that a user outlined in `image`.

        `shape` is a rectangle, unless the function declares other
        `shape_types`; `annotation.bounding_box` returns the box around any.
        """

    @abstractmethod
    def step(self, image: Image, state: StateT) -> tuple[Shape | None, StateT]:
        """Return where the object is in the next `image` (None: lost) and its new state.

        Raises:
            StateError: an array in `state` was not packed by this model.
        """

    def start_all(self, image: Image, shapes: Sequence[TrackedShape]) -> Sequence[StateT]:
        """Call `start` for each of `shapes`; models that are faster on batches override it."""
        return [self.start(image, shape) for shape in shapes]

    def step_all(
        self, image: Image, states: Sequence[StateT]
    ) -> Sequence[tuple[Shape | None, StateT]]:
        """Call `step` for each of `states`; models that are faster on batches override it."""
        return [self.step(image, state) for state in states]

    def warm_up(self) -> None:
        """Track a rectangle on a blank image."""
        side = float(_BLANK_SIDE)
        shape = Rectangle(label="", box=(side / 4, side / 4, side * 3 / 4, side * 3 / 4))
        self.step(blank_image(), self.start(blank_image(), shape))


class Reidentifier(Model):
    """Matches the boxes of one frame to those of the next."""

    kind = REID
    default_threshold: ClassVar[float] = 0.5
    default_max_distance: ClassVar[float] = 50.0

    @abstractmethod
    def match(  # noqa: PLR0917 - as many as CVAT's request has
        self,
        first: Image,
        second: Image,
        boxes0: Sequence[ReidBox],
        boxes1: Sequence[ReidBox],
        threshold: float,
        max_distance: float,
    ) -> Sequence[int]:
        """Return, for each of `boxes0`, the index of its match in `boxes1`, or -1.

        No index may occur twice. `threshold` is the maximum difference between
        two appearances (0..2), `max_distance` the maximum distance between two
        boxes' centres in pixels.
        """

    def warm_up(self) -> None:
        """Match a box on blank images."""
        side = float(_BLANK_SIDE)
        box = ReidBox((side / 4, side / 4, side * 3 / 4, side * 3 / 4), 0)
        blank = blank_image()
        self.match(blank, blank, [box], [box], self.default_threshold, self.default_max_distance)


def blank_image() -> Image:
    """Return a grey RGB image of 64x64 pixels, to warm up a model."""
    pixels = np.full((_BLANK_SIDE, _BLANK_SIDE, 3), 127, np.uint8)
    return Image.from_pixels(pixels)
