"""The tracker: a siamese network that searches for a template near its last position."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from modelyard import (
    Assets,
    Device,
    Image,
    OpenVINOSession,
    PackedArray,
    Rectangle,
    Shape,
    TrackedShape,
    Tracker,
    bounding_box,
)
from nanotrack.batching import make_batchable
from nanotrack.choosing import SEARCH, TEMPLATE, Tuning, choose
from nanotrack.cropping import crop_square, template_side

# The tracker's own, from the configuration of each version's training.
TUNINGS: Final = {
    "v2": Tuning(penalty=0.150, window=0.490, rate=0.385),
    "v3": Tuning(penalty=0.138, window=0.455, rate=0.348),
}
_FILES: Final = {
    "v2": ("nanotrack_backbone_sim.onnx", "nanotrack_head_sim.onnx"),
    "v3": ("nanotrack_backbone.onnx", "nanotrack_head.onnx"),
}
_CELLS: Final = 8
_SMALLEST: Final = 3.0

_Coordinate = Annotated[float, Meta(ge=-1e6, le=1e6)]
_Length = Annotated[float, Meta(gt=0.1, le=1e6)]


class NanoTrackSettings(msgspec.Struct, frozen=True):
    """The `params` of the BUILD target: which version of the networks it has."""

    version: Literal["v2", "v3"] = "v3"


class NanoState(msgspec.Struct, frozen=True):
    """An object's last position, in pixels, and its appearance in the first frame.

    `template` contains float16 [C, 8, 8], the network's features from that frame: C is 48 for
    version 2 and 96 for version 3. They are never updated, so that errors do not accumulate.
    """

    center: tuple[_Coordinate, _Coordinate]
    size: tuple[_Length, _Length]
    template: PackedArray


class NanoTrack(Tracker[NanoState]):
    """NanoTrack by HonglinChu, version 3 unless the params say `version = "v2"`.

    The backbone's input is a square crop around the object with context: 127x127 for the template
    and 255x255, twice the square, for the search; float32 BGR, 0..255, not normalised. The head
    correlates the features and gives, for positions 16 pixels apart, the object's probability and
    the distances to its edges.

    Attributes:
        least_score: Below this probability the object is lost: its last position is kept, and
            searched again in the next image.
        batch: Maximum batch size of the networks; bounds the memory.
    """

    least_score: ClassVar[float] = 0.5
    batch: ClassVar[int] = 16

    def load(self, assets: Assets, device: Device) -> None:
        """Load the networks.

        Raises:
            ParamsError: they name an unknown version.
        """
        version = assets.params.read(NanoTrackSettings).version
        self.tuning = TUNINGS[version]
        backbone, head = (assets.weights(name) for name in _FILES[version])

        def session(path: Any, **shapes: tuple[int, ...]) -> OpenVINOSession:
            return OpenVINOSession(path, device=device, shapes=shapes, edit=make_batchable)

        self._look_at_template = session(backbone, input=(-1, 3, TEMPLATE, TEMPLATE))
        self._look_at_search = session(backbone, input=(-1, 3, SEARCH, SEARCH))
        channels = self._look_at_search.outputs["output"][1]
        self._features = (channels, _CELLS, _CELLS)
        self._compare = session(
            head,
            input1=(-1, *self._features),
            input2=(-1, channels, 2 * _CELLS, 2 * _CELLS),
        )

    def start(self, image: Image, shape: TrackedShape) -> NanoState:
        """Return the state of one object."""
        return self.start_all(image, [shape])[0]

    def step(self, image: Image, state: NanoState) -> tuple[Shape | None, NanoState]:
        """Return where one object is."""
        return self.step_all(image, [state])[0]

    def start_all(self, image: Image, shapes: Sequence[TrackedShape]) -> list[NanoState]:
        """Compute the objects' templates."""
        places = [_place(shape) for shape in shapes]
        crops = [
            crop_square(image.pixels, center, template_side(size), TEMPLATE)
            for center, size in places
        ]
        return [
            NanoState(center, size, PackedArray.pack(features))
            for part in _parts(list(zip(places, crops, strict=True)), self.batch)
            for ((center, size), _), features in zip(
                part, self._templates([crop for _, crop in part]), strict=True
            )
        ]

    def step_all(
        self, image: Image, states: Sequence[NanoState]
    ) -> list[tuple[Shape | None, NanoState]]:
        """Track the objects, in batches."""
        return [
            found for part in _parts(states, self.batch) for found in self._step_part(image, part)
        ]

    def _templates(self, crops: list[NDArray[np.float32]]) -> NDArray[np.float16]:
        features = self._look_at_template.infer({"input": np.stack(crops)})["output"]
        return features.astype(np.float16)

    def _step_part(
        self, image: Image, states: Sequence[NanoState]
    ) -> list[tuple[Shape | None, NanoState]]:
        templates = [
            state.template.unpack(dtype=np.float16, shape=self._features) for state in states
        ]
        inside = [_inside(state, image.size) for state in states]
        sides = np.array([template_side(state.size) for state in inside])
        crops = [
            crop_square(image.pixels, state.center, 2 * side, SEARCH)
            for state, side in zip(inside, sides, strict=True)
        ]
        seen = self._look_at_search.infer({"input": np.stack(crops)})["output"]
        maps = self._compare.infer(
            {"input1": np.stack(templates, dtype=np.float32), "input2": seen}
        )
        # Image pixels per pixel of the search region, which is not exactly twice the template.
        scales = (2 * sides / SEARCH)[:, None]
        sizes = np.array([state.size for state in inside])
        choice = choose(
            maps["output1"], maps["output2"], (sizes / scales).astype(np.float32), self.tuning
        )
        centers = np.array([state.center for state in inside]) + choice.shift * scales
        weights = choice.weight[:, None]
        sizes = sizes * (1 - weights) + choice.size * scales * weights
        return [
            _moved(state, center, size, image.size) if score >= self.least_score else (None, state)
            for state, center, size, score in zip(inside, centers, sizes, choice.score, strict=True)
        ]


def _place(shape: TrackedShape) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return centre and size of the drawn shape."""
    left, top, right, bottom = bounding_box(shape)
    size = max(right - left, _SMALLEST), max(bottom - top, _SMALLEST)
    return ((left + right) / 2, (top + bottom) / 2), size


def _inside(state: NanoState, limits: tuple[int, int]) -> NanoState:
    """Return the state with its centre clipped to the image and its size to the image's."""
    (x, y), (width, height) = state.center, state.size
    center = min(max(x, 0.0), limits[0]), min(max(y, 0.0), limits[1])
    size = _bounded(width, limits[0]), _bounded(height, limits[1])
    return NanoState(center, size, state.template)


def _bounded(length: float, limit: int) -> float:
    return max(min(length, limit), _SMALLEST)


def _moved(
    state: NanoState,
    center: NDArray[np.float64],
    size: NDArray[np.float64],
    limits: tuple[int, int],
) -> tuple[Shape, NanoState]:
    x, y = center.tolist()
    width, height = size.tolist()
    moved = _inside(NanoState((x, y), (width, height), state.template), limits)
    half_width, half_height = moved.size[0] / 2, moved.size[1] / 2
    x, y = moved.center
    return Rectangle("", (x - half_width, y - half_height, x + half_width, y + half_height)), moved


def _parts(items: Sequence[Any], length: int) -> list[Sequence[Any]]:
    return [items[start : start + length] for start in range(0, len(items), length)]
