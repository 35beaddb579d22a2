"""The checks themselves: a `ReplyError` for whatever CVAT would drop or fail on."""

import json
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import (
    Attribute,
    Ellipse,
    LabelError,
    LabelSet,
    Mask,
    Rectangle,
    Shape,
    Tag,
    encode_detections,
    replies,
)
from modelyard.annotation.replies import ReplyError

LABELS = LabelSet.from_json('[{"name": "cat", "type": "any"}]')
LABELS_WITH_AGE = LabelSet.from_json(
    '[{"name": "cat", "attributes": [{"name": "age", "input_type": "text", "values": []}]}]'
)
SIZE = (10, 8)


def item(**changes: Any) -> dict[str, Any]:
    return {"label": "cat", "type": "rectangle", "points": [1, 1, 5, 5], **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "cat", "points": [1, 1, 5, 5]},
        item(points=[1, 1, 11, 5]),
        item(points=[5, 1, 1, 5]),
        item(points=[float("nan"), 1, 1, 5]),
        item(type="polygon"),
        item(type="circle"),
        item(rotation=-1),
        item(group_id=-1),
        item(elements=[]),
        item(attributes=[{"name": "age", "value": 3}]),
        item(type="mask", mask=[1, 1, 1, 0, 0, 1, 0]),
        item(type="mask", mask=[1, 1, 9, 0, 10, 0]),
        item(type="mask", mask=[0, 0, 0, 0, 1, 0]),
    ],
)
def test_wrong_items_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ReplyError):
        replies.detections([wrong], LABELS, SIZE)


def test_an_undeclared_label_is_refused() -> None:
    with pytest.raises(LabelError):
        replies.detections([item(label="dog")], LABELS, SIZE)


@pytest.mark.parametrize("wrong", [[], [0.0], [True], [1], [0, 0]])
def test_wrong_matches_are_refused(wrong: list[Any]) -> None:
    with pytest.raises(ReplyError):
        replies.matches(wrong, 2 if len(wrong) == 2 else 1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"mask": [[0, 0], [0, 0]]},
        {"mask": [[1]]},
        {"mask": [[1]], "bounds": [0, 0, 1, 0]},
        {"mask": [1, 2]},
    ],
)
def test_wrong_segments_are_refused(wrong: Any) -> None:
    with pytest.raises(ReplyError):
        replies.segment(wrong, SIZE)


@pytest.mark.parametrize("wrong", [{"shapes": [[1, 1, 2, 2]]}, {"shapes": [], "states": []}])
def test_wrong_tracks_are_refused(wrong: Any) -> None:
    with pytest.raises(ReplyError):
        replies.tracked(wrong, 1, SIZE)


def test_without_the_size_of_the_image_shapes_may_reach_beyond_it() -> None:
    (box,) = replies.detections([item(points=[-3, 1, 50, 5], confidence="0.75")])
    assert isinstance(box, Rectangle)
    assert (box.box, box.confidence) == ((-3, 1, 50, 5), 0.75)


def test_what_is_encoded_is_read_back() -> None:
    mask = Mask("cat", np.eye(2, dtype=np.bool_), 3, 4, polygon=(3, 4, 5, 4, 5, 6))
    rotated = Rectangle("cat", (1, 2, 6, 5), rotation=30, attributes=(Attribute("age", "3"),))
    found: list[Shape] = [mask, rotated, Ellipse("cat", (5, 4), (2, 1))]
    found.append(Tag("cat", confidence=0.5, group_id=1))
    sent = encode_detections(found, LABELS_WITH_AGE, SIZE)
    read = replies.detections(json.loads(sent), LABELS_WITH_AGE, SIZE)
    assert encode_detections(read, LABELS_WITH_AGE, SIZE) == sent
