"""A property of every detector: detections follow transformations of the image."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.annotation import Mask, Rectangle, bounding_box

Size = tuple[int, int]
Row = tuple[str, float, Any]
_CELLS = 4


class Thing(NamedTuple):
    """An object: left, top, right, bottom as fractions of the image, number of class, score."""

    box: tuple[float, float, float, float]
    kind: int
    score: float


Look = Callable[[Path, Sequence[Thing], Size], Sequence[Rectangle | Mask]]
"""Returns a detector's results for an image of a width and height with planted things.

The folder is for its network.
"""


@st.composite
def things(draw: st.DrawFn, kinds: int) -> list[Thing]:
    """Up to six objects that do not overlap, with different scores."""
    places = st.tuples(st.integers(0, _CELLS - 1), st.integers(0, _CELLS - 1))
    edges = st.floats(0.02, 0.3), st.floats(0.6, 0.98)
    found = []
    for rank, (x, y) in enumerate(draw(st.lists(places, min_size=1, max_size=6, unique=True))):
        left, top = (draw(edges[0]) + place for place in (x, y))
        right, bottom = (draw(edges[1]) + place for place in (x, y))
        box = (left / _CELLS, top / _CELLS, right / _CELLS, bottom / _CELLS)
        found.append(Thing(box, draw(st.integers(0, kinds - 1)), 0.95 - 0.05 * rank))
    return found


def assert_follows_the_image(
    look: Look, *, kinds: int, size: Size = (640, 480), slack: float = 0.01, examples: int = 8
) -> None:
    """Check that boxes scale and flip with an image, and do not depend on their order.

    Args:
        look: The detector.
        kinds: Its number of classes.
        size: Of the image.
        slack: Tolerance of boxes, in pixels of an image of that size.
        examples: How many images to try.
    """

    @settings(max_examples=examples, deadline=None, database=None)
    @given(things(kinds), st.integers(1, 3), st.integers(1, 3), st.randoms(use_true_random=False))
    def check(items: list[Thing], wider: int, higher: int, random: Any) -> None:
        wide, high = size
        seen = _seen(look, items, size)
        np.testing.assert_equal(len(seen), len(items))
        larger = _seen(look, items, (wide * wider, high * higher))
        _assert_same(larger, seen, lambda box: box * (wider, higher, wider, higher), 3 * slack)
        sideways = _seen(look, [_mirrored(item, 0) for item in items], size)
        _assert_same(
            sideways, seen, lambda box: np.array((wide, 0, wide, 0)) + _swap(box, 0), slack
        )
        over = _seen(look, [_mirrored(item, 1) for item in items], size)
        _assert_same(over, seen, lambda box: np.array((0, high, 0, high)) + _swap(box, 1), slack)
        mixed = _seen(look, random.sample(items, len(items)), size)
        _assert_same(mixed, seen, lambda box: box, 1e-3)

    check()


def _seen(look: Look, items: Sequence[Thing], size: Size) -> list[Row]:
    """Label, score and box of each, best first."""
    with TemporaryDirectory() as folder:
        shapes = look(Path(folder), items, size)
    found: list[Row] = [
        (shape.label, round(shape.confidence or 0, 4), np.array(bounding_box(shape)))
        for shape in shapes
    ]
    return sorted(found, key=lambda row: -row[1])


def _mirrored(item: Thing, axis: int) -> Thing:
    box = list(item.box)
    box[axis], box[axis + 2] = 1 - box[axis + 2], 1 - box[axis]
    return item._replace(box=(box[0], box[1], box[2], box[3]))


def _swap(box: Any, axis: int) -> Any:
    mirrored = np.array(box)
    mirrored[axis], mirrored[axis + 2] = -box[axis + 2], -box[axis]
    return mirrored


def _assert_same(
    found: list[Row], expected: list[Row], move: Callable[[Any], Any], slack: float
) -> None:
    np.testing.assert_equal([row[:2] for row in found], [row[:2] for row in expected])
    for (*_, box), (*_, other) in zip(found, expected, strict=True):
        np.testing.assert_allclose(box, move(other), atol=slack, rtol=0)
