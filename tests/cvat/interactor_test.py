"""Interactors, as the magic wand of CVAT's editor calls them."""

from typing import Any

import pytest
import requests

from cvat.client import CvatServer
from cvat.pictures import SIZE, picture
from modelyard.annotation import replies

LEFT = (10.0, 10.0, 60.0, 60.0)
RIGHT = (100.0, 40.0, 150.0, 110.0)
IMAGE = picture(LEFT, RIGHT)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"obj_bbox": None},
        {"obj_bbox": []},
        {"obj_bbox": [[5, 5], [65, 65]]},
        {"obj_bbox": [[65, 65], [5, 5]]},
        {"obj_bbox": None, "text_prompts": ["the bright one"]},
        {"obj_bbox": None, "threshold": 0.5},
    ],
)
def test_a_click_cuts_out_what_lies_under_it(cvat: CvatServer, extra: dict[str, Any]) -> None:
    payload = {"image": IMAGE, "pos_points": [[30, 30]], "neg_points": [[5.5, 110.25]], **extra}
    mask = replies.segment(cvat.invoke(cvat.function("tiny-interactor"), payload), SIZE)
    assert mask[10:60, 10:60].all()
    assert mask.sum() == 50 * 50


def test_a_box_alone_is_enough(cvat: CvatServer) -> None:
    payload = {
        "image": IMAGE,
        "pos_points": [],
        "neg_points": [],
        "obj_bbox": [[5, 5], [155, 115]],
    }
    mask = replies.segment(cvat.invoke(cvat.function("tiny-interactor"), payload), SIZE)
    assert mask[70, 120]


def test_the_first_form_without_a_box_is_answered(cvat: CvatServer) -> None:
    # CVAT 1.4 does not support `obj_bbox`.
    payload = {"image": IMAGE, "pos_points": [[120, 70]], "neg_points": []}
    mask = replies.segment(cvat.invoke(cvat.function("tiny-interactor"), payload), SIZE)
    assert mask[40:110, 100:150].all()
    assert mask.sum() == 50 * 70


def test_nothing_under_the_click_is_a_422(cvat: CvatServer) -> None:
    payload = {"image": IMAGE, "pos_points": [[80, 115]], "neg_points": [], "obj_bbox": None}
    with pytest.raises(requests.HTTPError, match=r"^422"):
        cvat.invoke(cvat.function("tiny-interactor"), payload)
