"""The checks themselves: what CVAT would drop, or fail on, is a `ReplyError` here."""

from typing import Any

import pytest

from annotation import LabelError, LabelSet
from cvat import replies
from cvat.replies import ReplyError

LABELS = LabelSet.from_json('[{"name": "cat", "type": "any"}]')
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
