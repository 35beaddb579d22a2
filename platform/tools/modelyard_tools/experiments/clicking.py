"""Interactors: how well the mask fits after each click.

Clicks are simulated as in Xu et al., Deep Interactive Object Selection, 2016: each one is in the
middle of the largest region that is still wrong. Functions that need extreme points (DEXTR, Maninis
et al., 2018) or a box first get those of the annotated object.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Bitmap, replies
from modelyard_contract.function_types import INTERACTOR
from modelyard_tools.experiments.agreement import is_outlined, pixels
from modelyard_tools.experiments.asking import readable, require_type
from modelyard_tools.experiments.datasets import Truth
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.pictures import Picture
from modelyard_tools.experiments.progress import print_table, with_progress

Point = list[float]
"""x and y in pixels."""

_UNPROCESSABLE = 422


class Fit(msgspec.Struct, frozen=True):
    """How well masks fit.

    `ious` is the mean intersection over union (0..1) of `objects` objects after the first click,
    the second, ….
    """

    ious: tuple[float, ...]
    objects: int


class Prompt(msgspec.Struct):
    """The clicks so far."""

    positive: list[Point]
    negative: list[Point]
    box: tuple[Point, Point] | None = None


def evaluate_interactor(function: Function, truth: Truth, clicks: int) -> Fit:
    """Click `clicks` times on each annotated mask or polygon of the dataset.

    Raises:
        ExperimentError: the dataset has neither, or a picture or answer is wrong.
    """
    require_type(function, INTERACTOR)
    rows = []
    for annotated in with_progress(truth.pictures, function.name):
        outlined = [shape for shape in annotated.shapes if is_outlined(shape)]
        if outlined:
            picture = annotated.picture()
            size = readable(picture).size
            targets = (pixels(shape, size) for shape in outlined)
            rows += [_ious(function, picture, part, clicks) for part in targets if part.any()]
    if not rows:
        raise ExperimentError(
            "interactors are evaluated on masks or polygons; the dataset has none"
        )
    return Fit(tuple(np.mean(rows, axis=0).tolist()), len(rows))


def print_fit(fit: Fit) -> None:
    """Print the scores."""
    rows = [[number, iou] for number, iou in enumerate(fit.ious, start=1)]
    print_table(["clicks", "mean IoU"], rows)
    print(f"{fit.objects} objects")


def _ious(function: Function, picture: Picture, target: Bitmap, clicks: int) -> list[float]:
    """Return the fit after each of the clicks."""
    prompt = first_prompt(target, function.annotations)
    negative = int(function.annotations.get("min_neg_points", "-1")) >= 0
    ious = []
    for _ in range(clicks):
        mask = _segment(function, picture, prompt, target.shape)
        union = np.count_nonzero(mask | target)
        ious.append(float(np.count_nonzero(mask & target) / union))
        add_click(prompt, mask, target, negative=negative)
    return ious


def first_prompt(target: Bitmap, annotations: Mapping[str, str]) -> Prompt:
    """Return the clicks and the box that the function needs for its first call."""
    rows, columns = np.nonzero(target)
    left, right, top, bottom = columns.min(), columns.max(), rows.min(), rows.max()
    positive = [middle(target)]
    if int(annotations.get("min_pos_points", "1")) >= 4:
        ends = [columns.argmin(), rows.argmin(), columns.argmax(), rows.argmax()]
        positive = [_centre(rows[end], columns[end]) for end in ends]
    box = None
    # CVAT takes any text for true.
    if annotations.get("startswith_box"):
        box = ([float(left), float(top)], [float(right + 1), float(bottom + 1)])
    return Prompt(positive, [], box)


def add_click(prompt: Prompt, mask: Bitmap, target: Bitmap, *, negative: bool) -> None:
    """Click in the middle of the largest wrong region, if there is one."""
    missing = _largest(target & ~mask)
    surplus = _largest(mask & ~target) if negative else np.zeros_like(target)
    if missing.sum() >= surplus.sum() and missing.any():
        prompt.positive.append(middle(missing))
    elif surplus.any():
        prompt.negative.append(middle(surplus))


def middle(part: Bitmap) -> Point:
    """Return the centre of the pixel of `part` that is farthest from its edge."""
    padded = np.pad(part.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return _centre(*np.unravel_index(int(depth.argmax()), depth.shape))


def _centre(row: Any, column: Any) -> Point:
    return [float(column) + 0.5, float(row) + 0.5]


def _largest(mask: Bitmap) -> NDArray[np.bool_]:
    """Return the largest connected part of a mask."""
    _, numbered, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if len(stats) < 2:
        return np.zeros_like(mask)
    return np.asarray(numbered == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def _segment(function: Function, picture: Picture, prompt: Prompt, shape: Sequence[int]) -> Bitmap:
    """Return the answer's mask; an empty one if the function finds nothing."""
    response = function.post(
        picture.file, pos_points=prompt.positive, neg_points=prompt.negative, obj_bbox=prompt.box
    )
    if response.status_code == _UNPROCESSABLE:
        return np.zeros(shape, np.bool_)
    answer = function.answer(response)
    try:
        return replies.segment(answer, (shape[1], shape[0]))
    except (replies.ReplyError, ValueError, TypeError) as error:
        raise ExperimentError(f"{function.name} about {picture.name}: {error}") from None
