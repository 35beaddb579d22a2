"""Re-identification, as CVAT's background job calls it for each pair of frames."""

from typing import Any

from cvat.client import CvatServer
from cvat.pictures import picture
from modelyard.annotation import Box, replies

FIRST: Box = (20.0, 20.0, 60.0, 60.0)
SECOND: Box = (90.0, 50.0, 130.0, 90.0)


def annotated(box: Box, frame: int, number: int) -> dict[str, Any]:
    """Return a box as CVAT stores it, with fields that functions must ignore."""
    return {
        "id": number,
        "path_id": number,
        "type": "rectangle",
        "points": list(box),
        "label_id": 7,
        "frame": frame,
        "group": 0,
        "source": "manual",
        "occluded": False,
        "outside": False,
        "z_order": 0,
        "rotation": 0.0,
        "attributes": [{"spec_id": 1, "value": "x"}],
        "elements": [],
    }


def ask(cvat: CvatServer, first: list[Box], second: list[Box], **extra: Any) -> list[int]:
    payload = {
        "image0": picture(*first),
        "image1": picture(*second),
        "boxes0": [annotated(box, 0, number) for number, box in enumerate(first)],
        "boxes1": [annotated(box, 1, number) for number, box in enumerate(second)],
        **extra,
    }
    reply = cvat.invoke(cvat.function("tiny-reid"), payload)
    return replies.matches(reply, len(first), len(second))


def test_boxes_find_their_partners(cvat: CvatServer) -> None:
    assert ask(cvat, [FIRST, SECOND], [SECOND, FIRST]) == [1, 0]


def test_a_box_without_a_partner_gets_minus_one(cvat: CvatServer) -> None:
    assert ask(cvat, [FIRST, SECOND], [SECOND]) == [-1, 0]


def test_two_boxes_never_share_a_partner(cvat: CvatServer) -> None:
    assert sorted(ask(cvat, [FIRST, FIRST], [FIRST])) == [-1, 0]


def test_threshold_and_distance_are_those_of_the_dialog(cvat: CvatServer) -> None:
    shifted = (25.0, 20.0, 65.0, 60.0)
    assert ask(cvat, [FIRST], [shifted], threshold=0.9, max_distance=50) == [0]
    assert ask(cvat, [FIRST], [shifted], threshold=0.05, max_distance=50) == [-1]
