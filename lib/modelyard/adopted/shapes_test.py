"""Replies with every kind of shape are decoded to shapes that encode to the same reply."""

import contextlib
import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.adopted.detections import DetectionReader
from modelyard.adopted.errors import AuthorError
from modelyard.adopted.shapes import segment, tracked
from modelyard.annotation import LabelSet, Mask, Rectangle, Shape, encode_detections
from modelyard.annotation.testing.strategies import shapes, steady

SIZE = (1000, 1000)


def detections(reply: object, labels: LabelSet | None = None) -> list[Shape]:
    return DetectionReader(labels, lambda _: None).read(reply)


@steady
@given(st.lists(shapes, max_size=4))
def test_what_we_encode_is_read_back_the_same(found: list[Shape]) -> None:
    reply = encode_detections(found, None, SIZE)
    again = encode_detections(detections(msgspec.json.decode(reply)), None, SIZE)
    assert json.loads(again) == json.loads(reply)


@steady
@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists))
def test_no_reply_raises_another_error(reply: object) -> None:
    for read in (detections, lambda reply: segment(reply, SIZE), lambda reply: tracked(reply, 1)):
        with contextlib.suppress(AuthorError):
            read(reply)


def test_a_quadrilateral_of_a_tracker_is_a_polygon_and_nothing_is_lost() -> None:
    reply = {"shapes": [[0, 0, 9, 1, 8, 9, 1, 8], None, [1, 2, 3, 4]], "states": [1, 2, 3]}
    turned, lost, box = (shape for shape, _ in tracked(reply, 3))
    assert turned is not None
    assert turned.kind == "polygon"
    assert lost is None
    assert isinstance(box, Rectangle)


def test_masks_of_255_and_bounds_are_read() -> None:
    cut = segment({"mask": [[0, 255], [255, 0]], "bounds": [3, 4, 4, 5]}, SIZE)
    assert np.array_equal(cut.mask, [[False, True], [True, False]])
    assert cut.bounds == (3, 4, 4, 5)


CAT = {"name": "cat", "type": "rectangle", "attributes": []}
LABELS = LabelSet.from_json(
    json.dumps(
        [
            CAT,
            {
                "name": "dog",
                "type": "any",
                "attributes": [{"name": "age", "input_type": "number", "values": ["0", "9", "1"]}],
            },
        ]
    )
)
KEPT = {"label": "dog", "type": "rectangle", "points": [1, 2, 30, 40]}


@pytest.mark.parametrize(
    ("item", "warning"),
    [
        # contracts/cvat.md, 3.1 and 4: points by type, and what is dropped.
        ({"label": "dog", "type": "polygon", "points": [1, 2, 3, 4]}, "at least 3 points, not 2"),
        ({"label": "dog", "type": "polyline", "points": [1, 2]}, "at least 2 points, not 1"),
        ({"label": "dog", "type": "points", "points": []}, "at least 1 points, not 0"),
        ({"label": "dog", "type": "rectangle", "points": [1, 2]}, "4 numbers, not 2"),
        ({"label": "dog", "type": "ellipse", "points": [1, 2, 3]}, "4 numbers, not 3"),
        ({"label": "dog", "type": "polygon", "points": [1, 2, 3, 4, 5, 6, 7]}, "left out"),
        # Four pixels, and no box; a box of more pixels than there are; nothing.
        ({"label": "dog", "type": "mask", "mask": [1, 0, 0, 1]}, "do not fill the box"),
        ({"label": "dog", "type": "mask", "mask": [1, 0, 0, 0, 5, 5]}, "do not fill the box"),
        ({"label": "dog", "type": "mask", "mask": []}, "do not fill the box"),
        ({"label": "cat", "type": "polygon", "points": [1, 2, 3, 4, 5, 9]}, "for rectangle shapes"),
        ({"label": "bird", "type": "rectangle", "points": [1, 2, 3, 4]}, "'bird' is detected"),
        ({"label": "bird", "type": "polygon", "points": "none"}, "'bird' is detected"),
    ],
)
def test_what_cvat_would_drop_is_left_out_with_one_warning(
    item: dict[str, object], warning: str
) -> None:
    said: list[str] = []
    reader = DetectionReader(LABELS, said.append)
    for _ in range(2):
        (found,) = reader.read([item, KEPT])
        assert isinstance(found, Rectangle)
        assert (found.label, found.box) == ("dog", (1, 2, 30, 40))
    (line,) = said
    assert warning in line


@pytest.mark.parametrize("score", [93.5, "93.5", "nan", "high", -1, [0.5], True])
def test_a_score_that_cvat_ignores_is_ignored(score: object) -> None:
    said: list[str] = []
    reader = DetectionReader(LABELS, said.append)
    (found,) = reader.read([{**KEPT, "confidence": score}])
    if score is True:
        assert (found.confidence, said) == (1, [])
    else:
        assert found.confidence is None
        assert len(said) == 1


def test_an_attribute_that_is_not_declared_or_not_valid_is_ignored() -> None:
    said: list[str] = []
    reader = DetectionReader(LABELS, said.append)
    given = [("age", 7), ("age", "old"), ("mood", "sad")]
    item = {**KEPT, "attributes": [{"name": name, "value": value} for name, value in given]}
    (found,) = reader.read([item])
    assert [(each.name, each.value) for each in found.attributes] == [("age", "7")]
    assert len(said) == 2
    json.loads(encode_detections([found], LABELS, SIZE))


def test_a_mask_whose_outline_is_no_polygon_stays_a_mask() -> None:
    item = {"label": "dog", "type": "mask", "mask": [1, 5, 6, 5, 6], "points": [5, 6, 6, 7]}
    (found,) = detections([item], LABELS)
    assert isinstance(found, Mask)
    assert (found.left, found.top, found.polygon) == (5, 6, None)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "rectangle", "points": [1, 2, 3, 4]},
        {"label": "dog", "points": [1, 2, 3, 4]},
        {"label": "dog", "type": "blob", "points": [1, 2, 3, 4]},
        {"label": "dog", "type": "rectangle"},
        {"label": "dog", "type": "rectangle", "points": None},
        {"label": "dog", "type": "rectangle", "points": ["a", 2, 3, 4]},
        {"label": "dog", "type": "mask"},
        {**KEPT, "group_id": -1},
        {**KEPT, "attributes": [{"name": "age"}]},
        7,
    ],
)
def test_what_cvat_refuses_is_an_error(item: object) -> None:
    with pytest.raises(AuthorError, match="item 0 of the author's reply"):
        detections([item], LABELS)


def test_a_skeleton_without_joints_is_left_out_and_one_without_a_list_of_them_refused() -> None:
    assert not detections([{"label": "man", "type": "skeleton", "elements": []}])
    with pytest.raises(AuthorError, match="elements"):
        detections([{"label": "man", "type": "skeleton"}])
