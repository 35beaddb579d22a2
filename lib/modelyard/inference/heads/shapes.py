"""What the shapes of a network's outputs reveal about its kind.

A shape is a tuple of lengths, -1 for any. Values are not needed, so the network need not have run.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

Shape = tuple[int, ...]
Outputs = Sequence[tuple[str, Shape]]
"""Name and shape of each output, in the network's order."""

_MANY_QUERIES = 1000
_ANCHORS_A_CELL = 9
_SMALLEST_MAP = 8
_SINGLE = ((), (1,), (-1,), (1, 1))


class BoxOutputs(NamedTuple):
    """The outputs of a network with a box and the scores of all classes in each row.

    Attributes:
        boxes: Name of the output [1, N, 4] or [1, N, 1, 4].
        scores: Name of the output [1, N, C].
        rows: N, or -1.
        classes: C, or -1.
    """

    boxes: str
    scores: str
    rows: int
    classes: int


def detection_output(outputs: Outputs) -> str | None:
    """Return the name of one output [1, 1, N, 7], else None."""
    shape = _only(outputs, rank=4)
    return outputs[0][0] if shape and shape[1] == 1 and shape[3] == 7 else None


def boxes_and_scores(outputs: Outputs) -> BoxOutputs | None:
    """Return the two outputs that hold boxes and scores of the same rows, else None."""
    if len(outputs) != 2:
        return None
    for (boxes, first), (scores, second) in (outputs, outputs[::-1]):
        rows = _box_rows(first)
        if rows is not None and len(second) == 3 and rows == second[1] and second[2] != 4:
            return BoxOutputs(boxes, scores, rows, second[2])
    # With four classes, only their order distinguishes the two.
    (name, first), (other, second) = outputs
    if _box_rows(first) is not None and first[1] == second[1] and len(second) == 3:
        boxes, scores = (other, name) if "box" in other.lower() else (name, other)
        return BoxOutputs(boxes, scores, first[1], 4)
    return None


def has_query_names(boxes: BoxOutputs) -> bool:
    """Return whether names and number of rows are those of a detection transformer."""
    named = _tells(boxes.scores, "logits") and _tells(boxes.boxes, "pred")
    return named and boxes.rows <= _MANY_QUERIES


def class_map(outputs: Outputs) -> tuple[str, int] | None:
    """Return "channels first", "channels last" or "indices" and the number of classes, else None.

    Accepts one output [1, C, H, W] or [1, H, W, C] of class scores (C = 1: the probability of a
    single class), or [1, H, W] of class numbers, for which the number of classes is -1.
    """
    if len(outputs) != 1:
        return None
    shape = outputs[0][1]
    if len(shape) == 3 and all(map(_is_side, shape[1:])) and _alike(shape[1], shape[2]):
        free = shape[1:].count(-1)
        return None if free == 1 else ("indices", -1)
    if len(shape) != 4:
        return None
    first = all(map(_is_side, shape[2:])) and _alike(shape[2], shape[3])
    last = all(map(_is_side, shape[1:3])) and _alike(shape[1], shape[2])
    # If both are possible, the one with a square map wins.
    if first and (not last or shape[2] == shape[3]):
        return "channels first", shape[1]
    return ("channels last", shape[3]) if last else None


def class_scores(outputs: Outputs) -> int | None:
    """Return C of one output [1, C] or [1, C, 1, 1], else None; -1 means any."""
    if len(outputs) != 1:
        return None
    shape = outputs[0][1]
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape[1] if len(shape) == 2 and shape[0] in {-1, 1} else None


def listing(named: Iterable[tuple[str, Shape]]) -> str:
    """Return names and shapes for a message: "output0 (1, 84, 8400)"."""
    return ", ".join(f"{name} {shape}" for name, shape in named) or "none"


def _only(outputs: Outputs, *, rank: int) -> Shape | None:
    fits = len(outputs) == 1 and len(outputs[0][1]) == rank and outputs[0][1][0] in {-1, 1}
    return outputs[0][1] if fits else None


def _box_rows(shape: Shape) -> int | None:
    fits = shape[-1:] == (4,) and (len(shape) == 3 or (len(shape) == 4 and shape[2] == 1))
    return shape[1] if fits else None


def _is_side(length: int) -> bool:
    return length == -1 or length >= _SMALLEST_MAP


def _alike(first: int, second: int) -> bool:
    return -1 in {first, second} or max(first, second) <= 4 * min(first, second)


def _tells(name: str, *words: str) -> bool:
    return any(word in name.lower() for word in words)
