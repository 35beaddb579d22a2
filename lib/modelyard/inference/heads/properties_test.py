"""Properties that hold for every head and any objects."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.annotation import Label, Rectangle
from modelyard.inference.heads.catalogue import HEADS
from modelyard.inference.heads.feeding import Feed
from modelyard.inference.heads.found import Answer
from modelyard.inference.testing.heads import ENCODERS, Planted

SIZE = (128, 96)
CLASSES = 3
NAMES = dict(enumerate(("cat", "dog", "bird")))
LABELS = {number: Label(name) for number, name in NAMES.items()}
# One object each: they never overlap, and none is at the edge of another's score.
CELLS = [(x, y) for y in range(0, 96, 32) for x in range(0, 128, 32)]

inside = st.floats(1, 14)
shapes = st.tuples(inside, inside, inside, inside)


@st.composite
def objects(draw: st.DrawFn) -> list[Planted]:
    cells = draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=6, unique=True))
    found = []
    for rank, (x, y) in enumerate(cells):
        left, top, width, height = draw(shapes)
        box = (x + left, y + top, x + left + width + 2, y + top + height + 2)
        kind = draw(st.integers(0, CLASSES - 1))
        found.append(Planted(box, kind, 0.95 - 0.05 * rank))
    return found


def read(
    form: str, items: Sequence[Planted], image_size: tuple[int, int] = SIZE, **options: Any
) -> list[Rectangle]:
    name, encode = ENCODERS[form]
    head = HEADS[name]
    settings = msgspec.structs.replace(head.defaults, **options)
    arrays = encode(items, SIZE, CLASSES)
    outputs = [(key, array.shape) for key, array in arrays.items()]
    shape = (1, 3, *SIZE[::-1])
    feed = Feed.of({"image": shape}, {"image": np.dtype(np.float32)}, settings)
    answer = Answer(arrays, outputs, SIZE, settings)
    shapes = head.read(answer, feed.fit(image_size), LABELS, 0.5)
    return [shape for shape in shapes if isinstance(shape, Rectangle)]


def table(shapes: Sequence[Rectangle]) -> Any:
    return [(shape.label, round(shape.confidence or 0, 3)) for shape in shapes]


def assert_boxes(shapes: Sequence[Rectangle], expected: Any, tolerance: float = 1e-3) -> None:
    np.testing.assert_allclose([shape.box for shape in shapes], expected, atol=tolerance)


forms = pytest.mark.parametrize("form", ENCODERS)
quick = settings(deadline=None, max_examples=10)


@forms
def test_the_head_reads_what_the_shapes_alone_tell(form: str) -> None:
    name, encode = ENCODERS[form]
    items = [Planted((10, 10, 30, 40), 1, 0.9)]
    outputs = [(key, array.shape) for key, array in encode(items, SIZE, CLASSES).items()]
    assert HEADS[name].classes(outputs, SIZE) in {CLASSES, CLASSES + 1, -1}


@forms
@given(objects())
@quick
def test_objects_are_where_they_were_planted(form: str, items: list[Planted]) -> None:
    found = read(form, items)
    assert table(found) == [(NAMES[item.kind], round(item.score, 3)) for item in items]
    assert_boxes(found, [item.box for item in items])


@forms
@given(objects(), st.integers(1, 5))
@quick
def test_a_larger_image_has_larger_boxes(form: str, items: list[Planted], factor: int) -> None:
    found = read(form, items, (SIZE[0] * factor, SIZE[1] * factor))
    assert_boxes(found, [[factor * edge for edge in item.box] for item in items], 1e-2)


@forms
@given(objects())
@quick
def test_mirrored_objects_give_mirrored_boxes(form: str, items: list[Planted]) -> None:
    mirrored = [
        item._replace(box=(SIZE[0] - item.box[2], item.box[1], SIZE[0] - item.box[0], item.box[3]))
        for item in items
    ]
    expected = [
        (SIZE[0] - shape.box[2], shape.box[1], SIZE[0] - shape.box[0], shape.box[3])
        for shape in read(form, items)
    ]
    assert_boxes(read(form, mirrored), expected)


@forms
@given(objects(), st.randoms(use_true_random=False))
@quick
def test_the_order_of_the_objects_changes_nothing(
    form: str, items: list[Planted], random: Any
) -> None:
    mixed = random.sample(items, len(items))
    assert table(read(form, mixed)) == table(read(form, items))
    assert_boxes(read(form, mixed), [shape.box for shape in read(form, items)])


SUPPRESSING = ["yolov8", "yolov5", "yolox", "ssd", "retinanet"]
PAIR = [Planted((20, 20, 60, 60), 0, 0.9), Planted((21, 20, 61, 60), 1, 0.8)]


@pytest.mark.parametrize("form", SUPPRESSING)
def test_an_object_hides_only_objects_of_its_class(form: str) -> None:
    assert table(read(form, PAIR)) == [("cat", 0.9), ("dog", 0.8)]
    same = [item._replace(kind=2) for item in PAIR]
    assert table(read(form, same)) == [("bird", 0.9)]
    assert table(read(form, PAIR, nms="agnostic")) == [("cat", 0.9)]
    assert table(read(form, same, nms="none")) == [("bird", 0.9), ("bird", 0.8)]
    assert table(read(form, same, nms_threshold=0.99)) == [("bird", 0.9), ("bird", 0.8)]


@pytest.mark.parametrize("form", ["detr", "ssd, final", "ssd, rows"])
def test_what_a_network_has_suppressed_itself_is_left_alone(form: str) -> None:
    same = [item._replace(kind=2) for item in PAIR]
    assert table(read(form, same)) == [("bird", 0.9), ("bird", 0.8)]


@forms
def test_the_number_of_shapes_is_bounded(form: str) -> None:
    items = [Planted((x, y, x + 9, y + 9), 0, 0.9) for x, y in CELLS]
    assert len(read(form, items)) == len(CELLS)
    assert len(read(form, items, limit=5)) == 5


@forms
def test_nothing_is_reported_where_nothing_is(form: str) -> None:
    assert read(form, []) == []
