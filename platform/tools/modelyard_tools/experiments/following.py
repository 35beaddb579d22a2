"""Trackers: success and precision on annotated tracks.

One-pass evaluation as in Wu et al., Online Object Tracking: A Benchmark, 2013: the tracker is
given the first box of a track and follows it to the end; a frame on which it has lost the object
counts as no overlap.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from modelyard.annotation import Box, Shape, Tag, bounding_box, replies
from modelyard.inference.boxes import iou_matrix
from modelyard_contract.function_types import TRACKER
from modelyard_tools.experiments.asking import readable, require_type
from modelyard_tools.experiments.conversion import TRACK
from modelyard_tools.experiments.datasets import Annotated, Truth
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.progress import print_table, with_progress

# From the benchmark: steps of the overlap, and the centre distance in pixels that counts as found.
_OVERLAPS: Final = np.linspace(0, 1, 21)
_NEAR: Final = 20.0


class Following(msgspec.Struct, frozen=True):
    """How well objects are tracked.

    Attributes:
        success: Area under the curve of the share of frames with an overlap above 0, 0.05, … 1.
        precision: Share of frames whose centre is at most 20 pixels off, 0..1.
        tracks: Success of each track.
        frames: Number of counted frames; the first of each track does not count.
    """

    success: float
    precision: float
    tracks: dict[str, float]
    frames: int


class Track(msgspec.Struct, frozen=True):
    """An annotated object: its box by frame index, for frames where it is visible."""

    name: str
    boxes: Mapping[int, Box]


def evaluate_tracker(function: Function, truth: Truth) -> Following:
    """Follow every track of the dataset.

    Raises:
        ExperimentError: no track has two frames, or a picture or answer is wrong.
    """
    require_type(function, TRACKER)
    found = tracks(truth.pictures)
    if not found:
        raise ExperimentError(
            "trackers are evaluated on tracks (track_id) of at least 2 frames; there are none"
        )
    overlaps, distances = {}, []
    for track in with_progress(found, function.name):
        boxes = _follow(function, truth.pictures, track)
        pairs = [(track.boxes[frame], box) for frame, box in boxes.items()]
        overlaps[track.name] = [_overlap(*pair) for pair in pairs]
        distances += [_distance(*pair) for pair in pairs]
    every = [overlap for values in overlaps.values() for overlap in values]
    return Following(
        success(every),
        float(np.mean(np.array(distances) <= _NEAR)),
        {name: success(values) for name, values in overlaps.items()},
        len(every),
    )


def print_following(following: Following) -> None:
    """Print the scores."""
    rows = list(following.tracks.items())
    print_table(["track", "success"], rows)
    print(
        f"success {following.success:.3f}, precision {following.precision:.3f} "
        f"at {_NEAR:g} pixels, {following.frames} frames"
    )


def success(overlaps: Sequence[float]) -> float:
    """Return the area under the success curve of overlaps 0..1."""
    return float(np.mean([np.mean(np.array(overlaps) > least) for least in _OVERLAPS]))


def tracks(pictures: Sequence[Annotated]) -> list[Track]:
    """Return the objects that are annotated on at least two of the pictures, by `track_id`."""
    boxes: dict[str, dict[int, Box]] = {}
    for frame, picture in enumerate(pictures):
        for shape in picture.shapes:
            number = next((item.value for item in shape.attributes if item.name == TRACK), None)
            if number is not None and not isinstance(shape, Tag) and not _is_outside(shape):
                name = f"{shape.label} {number}"
                boxes.setdefault(name, {})[frame] = bounding_box(shape)
    return [Track(name, places) for name, places in boxes.items() if len(places) > 1]


def _is_outside(shape: Shape) -> bool:
    return any(item.name == "outside" and item.value == "true" for item in shape.attributes)


def _follow(
    function: Function, pictures: Sequence[Annotated], track: Track
) -> dict[int, Box | None]:
    """Return where the function finds the object in the annotated frames after the first."""
    first, last = min(track.boxes), max(track.boxes)
    typed = "supported_shape_types" in function.annotations
    start = list(track.boxes[first])
    shape: Any = {"type": "rectangle", "points": start} if typed else start
    _, state = _ask(function, pictures[first], shape, [])
    seen: dict[int, Box | None] = {}
    for frame in range(first + 1, last + 1):
        shape, state = _ask(function, pictures[frame], None, [state])
        if frame in track.boxes:
            seen[frame] = _box(shape)
    return seen


def _ask(
    function: Function, annotated: Annotated, shape: Any, states: Sequence[Any]
) -> tuple[Any, Any]:
    """Return the shape and the state that the function answers with."""
    picture = annotated.picture()
    answer = function.ask(picture.file, shapes=[shape], states=list(states))
    try:
        shapes, following = replies.tracked(answer, 1, readable(picture).size)
    except (replies.ReplyError, KeyError, TypeError, ValueError) as error:
        raise ExperimentError(f"{function.name} about {picture.name}: {error}") from None
    return shapes[0], following[0]


def _box(shape: Any) -> Box | None:
    """Return the upright box around a reply's shape, as CVAT shows it."""
    if shape is None:
        return None
    numbers = shape["points"] if isinstance(shape, Mapping) else shape
    points = np.reshape(numbers, (-1, 2))
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom


def _overlap(annotated: Box, seen: Box | None) -> float:
    return 0.0 if seen is None else float(iou_matrix(np.array([annotated]), np.array([seen]))[0, 0])


def _distance(annotated: Box, seen: Box | None) -> float:
    if seen is None:
        return float("inf")
    corners = np.reshape([annotated, seen], (2, 2, 2))
    return float(np.linalg.norm(np.diff(corners.mean(axis=1), axis=0)))
