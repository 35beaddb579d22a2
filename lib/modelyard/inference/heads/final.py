"""Outputs of networks that end with suppression: boxes, scores, classes and perhaps more.

The outputs that are separate have these forms, with or without the batch in front:

* boxes [1, N, 4], scores [1, N] and classes [1, N], and perhaps the number [1] of valid rows:
  TensorFlow's Object Detection API, TensorFlow Lite's `TFLite_Detection_PostProcess`, EfficientNMS,
  torchvision, RT-DETR and D-FINE;
* boxes with their scores [1, N, 5] and classes [1, N]: MMDeploy;
* for each row a mask [1, N, h, w] or [N, 1, h, w], or joints [N, K, 3].

Or all is in one output [1, 1, N, 7] of image, class, score and corners, OpenVINO's
`DetectionOutput`, in which a negative image ends the list.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Answer, Found
from modelyard.inference.heads.shapes import Outputs, Shape, detection_output

_SCORES: Final = ("score", "conf", "prob")
_CLASSES: Final = ("class", "label", "categor")
_BOXES: Final = ("box", "det")
_COUNTS: Final = ("num", "count", "valid")
_JOINTS: Final = ("keypoint", "joint")
_UNNEEDED: Final = ("raw", "anchor", "multiclass")
"""In names of TensorFlow's further outputs, before suppression."""


class FinalOutputs(NamedTuple):
    """The outputs by name.

    Attributes:
        boxes: [1, N, 4 or 5] or [N, 4 or 5].
        columns: One or two of length N: scores and classes, or classes alone if the boxes have
            their scores.
        number: The number of valid rows; None if all are.
        masks: One for each row; None without.
        joints: Likewise.
    """

    boxes: str
    columns: tuple[str, ...]
    number: str | None
    masks: str | None
    joints: str | None


def final_outputs(outputs: Outputs) -> FinalOutputs | None:
    """Return which output is which, or None if they are of another kind; others are ignored."""
    needed = [(name, shape) for name, shape in outputs if not _tells(name, *_UNNEEDED)]
    joints = [name for name, shape in needed if _tells(name, *_JOINTS)]
    rest = [(name, shape) for name, shape in needed if name not in joints]
    boxes = _boxes(rest)
    if boxes is None:
        return None
    name, shape = boxes
    others = [(other, lengths) for other, lengths in rest if other != name]
    counts = [other for other, lengths in others if _is_count(other, lengths, shape)]
    columns = tuple(
        other for other, lengths in others if other not in counts and _rows(lengths) == (shape[-2],)
    )
    masks = [other for other, lengths in others if len(lengths) == 4]
    joined = shape[-1] == 5
    if len(columns) != (1 if joined else 2) or len(counts) > 1 or len(masks) > 1:
        return None
    places = [joint for joint in joints if not _tells(joint, *_SCORES)]
    return FinalOutputs(
        name,
        columns,
        counts[0] if counts else None,
        masks[0] if masks else None,
        places[0] if len(places) == 1 else None,
    )


def is_final(outputs: Outputs) -> bool:
    """Return whether the network applies suppression itself."""
    return bool(detection_output(outputs) or final_outputs(outputs))


def decode_final(answer: Answer, threshold: float) -> Found:
    """Return all detections with a score of at least `threshold`.

    Raises:
        HeadError: the outputs are of another kind, or their classes are not whole numbers.
    """
    if name := detection_output(answer.outputs):
        rows = answer.arrays[name].reshape(-1, 7)
        ends = np.flatnonzero(rows[:, 0] < 0)
        rows = rows[: ends[0]] if len(ends) else rows
        return of_columns(answer, rows[:, 3:], rows[:, 2], rows[:, 1], threshold)
    names = final_outputs(answer.outputs)
    if names is None:
        raise HeadError("the outputs are not boxes, scores and classes after suppression")
    boxes = answer.arrays[names.boxes]
    boxes = boxes.reshape(-1, boxes.shape[-1])
    if len(names.columns) == 1:
        scores, classes = boxes[:, 4], answer.arrays[names.columns[0]].reshape(-1)
    else:
        scores, classes = (
            answer.arrays[name].reshape(-1) for name in _scores_and_classes(names.columns, answer)
        )
    count = len(scores)
    if names.number is not None:
        number = float(answer.arrays[names.number].reshape(-1)[0])
        count = int(np.clip(number, 0, count)) if np.isfinite(number) else 0
    return of_columns(answer, boxes[:count, :4], scores[:count], classes[:count], threshold)


def of_columns(
    answer: Answer,
    boxes: NDArray[Any],
    scores: NDArray[Any],
    classes: NDArray[Any],
    threshold: float,
) -> Found:
    """Return the rows with a score of at least `threshold`, without padding: 0, NaN or infinity.

    Args:
        answer: Its options have the boxes' format.
        boxes: [N, 4].
        scores: [N].
        classes: [N], whole numbers of any dtype.
        threshold: 0..1.

    Raises:
        HeadError: a class is not a whole number.
    """
    finite = np.isfinite(boxes).all(axis=1) & np.isfinite(scores) & np.isfinite(classes)
    row = np.flatnonzero(finite & (scores >= threshold) & (scores > 0))
    kinds = classes[row]
    whole = kinds.astype(np.int64)
    if (kinds != whole).any():
        odd = float(kinds[kinds != whole][0])
        raise HeadError(
            f"the network's classes must be whole numbers, not {odd:.3g}: its outputs are in "
            "another order than head and options say"
        )
    return Found(
        answer.pixels(boxes[row].astype(np.float32)), scores[row].astype(np.float32), whole, row
    )


def _boxes(outputs: Outputs) -> tuple[str, Shape] | None:
    """Return the output with the boxes, of several the one that is called so."""
    found = [
        (name, shape)
        for name, shape in outputs
        if len(shape) in {2, 3} and shape[-1] in {4, 5} and (len(shape) == 2 or shape[0] in {-1, 1})
    ]
    deepest = max((len(shape) for _, shape in found), default=0)
    found = [(name, shape) for name, shape in found if len(shape) == deepest]
    if len(found) > 1:
        other = (*_SCORES, *_CLASSES, *_COUNTS)
        found = [
            (name, shape)
            for name, shape in found
            if _tells(name, *_BOXES) and not _tells(name, *other)
        ]
    return found[0] if len(found) == 1 else None


def _rows(shape: Shape) -> Shape:
    """Return the shape of a column without the batch."""
    return shape[1:] if len(shape) == 2 and shape[0] in {-1, 1} else shape


def _is_count(name: str, shape: Shape, boxes: Shape) -> bool:
    if shape not in {(), (1,), (-1,), (1, 1), (-1, 1)}:
        return False
    return _rows(shape) != (boxes[-2],) or _tells(name, *_COUNTS)


def _scores_and_classes(columns: Sequence[str], answer: Answer) -> tuple[str, str]:
    """Tell scores from classes: by names, by dtypes, by values.

    If these leave it open, classes come first, as `TFLite_Detection_PostProcess` defines.
    """
    first, second = columns
    for tells in (_named_scores, _not_named_classes, _float_scores, _broken_scores):
        is_first, is_second = tells(first, answer), tells(second, answer)
        if is_first != is_second:
            return (first, second) if is_first else (second, first)
    return second, first


def _named_scores(name: str, answer: Answer) -> bool:
    return _tells(name, *_SCORES) and not _tells(name, *_CLASSES)


def _not_named_classes(name: str, answer: Answer) -> bool:
    return not _tells(name, *_CLASSES) or _tells(name, *_SCORES)


def _float_scores(name: str, answer: Answer) -> bool:
    return answer.arrays[name].dtype.kind == "f"


def _broken_scores(name: str, answer: Answer) -> bool:
    values = answer.arrays[name]
    values = values[np.isfinite(values)]
    return bool((values != np.round(values)).any())


def _tells(name: str, *words: str) -> bool:
    return any(word in name.lower() for word in words)
