"""Expected values are those of docs/bring-your-own.md."""

from __future__ import annotations

from typing import Any

import pytest

from modelyard_contract.heads import HEADS, MODEL_API, HeadOptionError, check_options


def test_what_is_documented_is_accepted() -> None:
    check_options(
        {
            "input_size": (640, 480),
            "channels": "bgr",
            "mean": [0, 0.5, -1],
            "scale": [1, 2.5, 255],
            "resize": "letterbox_top_left",
            "interpolation": "bilinear_antialias",
            "padding": 0,
            "activation": "softmax",
            "first_id": 1,
            "background": "last",
            "boxes": "yxyx",
            "box_unit": "pixels",
            "nms_threshold": 1,
            "nms": "agnostic",
            "limit": 1,
            "task": "pose",
            "kpt_shape": [17, 3],
            "score": "objectness",
        }
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("input_size", 640),
        ("input_size", [640]),
        ("input_size", [8, 640]),
        ("input_size", [640.0, 640]),
        ("channels", "RGB"),
        ("mean", 127.5),
        ("mean", [1, 2, float("nan")]),
        ("scale", [1, 0, 1]),
        ("scale", [True, 1, 1]),
        ("interpolation", "linear"),
        ("padding", 256),
        ("first_id", 2),
        ("nms_threshold", -0.1),
        ("nms_threshold", "0.5"),
        ("limit", 0),
        ("limit", True),
        ("task", "classify"),
        ("kpt_shape", [17, 4]),
        ("kpt_shape", [0, 2]),
        ("kpt_shape", [17]),
    ],
)
def test_another_value_is_refused(key: str, value: Any) -> None:
    with pytest.raises(HeadOptionError) as error:
        check_options({key: value})
    assert error.value.key == key


def test_an_unknown_option_is_refused_with_the_accepted_ones() -> None:
    with pytest.raises(HeadOptionError, match="accepted: input_size, channels") as error:
        check_options({"colour": "rgb"})
    assert (error.value.key, error.value.value) == (None, "colour")


def test_the_only_option_of_model_api_is_the_colour_order() -> None:
    check_options({"channels": "bgr"}, HEADS[MODEL_API])
    with pytest.raises(HeadOptionError, match="head_options is 'limit'; accepted: channels"):
        check_options({"limit": 1}, HEADS[MODEL_API])
