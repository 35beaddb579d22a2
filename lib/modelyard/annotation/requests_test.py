import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation.errors import RequestError
from modelyard.annotation.requests import (
    DetectorRequest,
    InteractorRequest,
    ReidBox,
    ReidRequest,
    parse_detector,
    parse_interactor,
    parse_reid,
)
from modelyard.annotation.testing.strategies import steady
from modelyard.annotation.tracking import parse_tracker

FILE = b"\x89PNG\r\n\x1a\nnot really"
IMAGE = base64.b64encode(FILE).decode()
PARSERS = (parse_detector, parse_interactor, parse_tracker, parse_reid)
SHAPE = {
    "id": 7,
    "type": "rectangle",
    "frame": 3,
    "label_id": 5,
    "points": [1, 2, 3.5, 4],
    "rotation": 0,
    "attributes": [],
    "path_id": 0,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    [
        *("image", "threshold", "pos_points", "neg_points", "obj_bbox", "text_prompts"),
        *("shapes", "states", "shape", "state"),
        *("image0", "image1", "boxes0", "boxes1", "max_distance"),
    ]
)


def refusal(parse: Any, body: Any) -> str:
    """Return the message of the 400 that must answer a body."""
    with pytest.raises(RequestError) as caught:
        parse(body)
    assert caught.value.status == 400
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200
    return caught.value.message


# Bodies


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"image=xyz", "not JSON"),
        (b'{"image": ', "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        (b'{"threshold": NaN}', "not JSON"),
        (b'{"threshold": 1e999}', "not JSON"),
        ('{"image": "\ud800"}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "must be a JSON object with the request's fields, not a list"),
        (b'"text"', "not text"),
        (b"null", "not null"),
    ],
)
def test_a_body_that_is_no_request(parse: Any, body: Any, reason: str) -> None:
    assert reason in refusal(parse, body)


@pytest.mark.parametrize("encode", [str, str.encode, lambda text: bytearray(text, "utf-8")])
def test_a_body_may_be_text_or_bytes(encode: Any) -> None:
    assert parse_detector(encode(f'{{"image": "{IMAGE}"}}')) == DetectorRequest(FILE)
    assert parse_detector(memoryview(f'{{"image": "{IMAGE}"}}'.encode())) == DetectorRequest(FILE)


@pytest.mark.parametrize("parse", PARSERS)
@steady
@given(st.dictionaries(fields, json_values) | json_values.map(json.dumps) | st.binary())
def test_nothing_but_a_refusal_or_a_request_comes_out(parse: Any, body: Any) -> None:
    try:
        parse(body)
    except RequestError as error:
        refused = error
    else:
        return
    assert refused.status == 400
    assert 0 < len(refused.message) < 200
    assert "\n" not in refused.message


# Images


@steady
@given(st.binary(min_size=1))
def test_base64_is_decoded(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    wrapped = base64.encodebytes(data).decode().replace("\n", "\r\n")
    for spelling in (text, wrapped, f"  {text}\n", f"data:image/png;base64,{text}"):
        assert parse_detector({"image": spelling}).image == data


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, "image: expected the base64 text of an image file, but it is missing"),
        ({"image": None}, "but it is null"),
        ({"image": 5}, "but it is a number"),
        ({"image": {"a": 1}}, "but it is an object"),
        ({"image": ""}, "but it is empty"),
        ({"image": " \n"}, "but it is empty"),
        ({"image": "data:image/png;base64,"}, "but it is empty"),
        ({"image": "abc"}, "image: not base64 (incorrect padding)"),
        ({"image": "ab=c"}, "image: not base64"),
        ({"image": "a-_b"}, "image: not base64 (only base64 data is allowed)"),
        ({"image": "\ud800"}, "image: not base64 (it holds characters beyond ASCII)"),
        ({"image": "äöüß"}, "image: not base64 (it holds characters beyond ASCII)"),
        ({"image": "/path/to/some.jpg"}, "image: not base64"),
        ({"image": "%" * 10_000_000}, "image: not base64"),
    ],
)
def test_an_image_that_is_none(payload: dict[str, Any], reason: str) -> None:
    assert reason in refusal(parse_detector, payload)


# Thresholds


@pytest.mark.parametrize(
    ("given_value", "read"),
    [(None, None), (0, 0), (1, 1), (0.25, 0.25), ("0.25", 0.25), (" 1 ", 1), ("5e-1", 0.5)],
)
def test_a_threshold_may_be_a_number_or_its_text(given_value: Any, read: float | None) -> None:
    for parse in (parse_detector, parse_interactor):
        assert parse({"image": IMAGE, "threshold": given_value}).threshold == read


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("abc", "expected a number from 0 to 1, not 'abc'"),
        ("", "not ''"),
        (math.nan, "not nan"),
        ("NaN", "not 'NaN'"),
        (math.inf, "not inf"),
        ("-inf", "not '-inf'"),
        (-0.1, "not -0.1"),
        (1.01, "not 1.01"),
        (10**400, "not 1000"),
        (True, "but it is a boolean"),
        ([0.5], "but it is a list"),
        ({}, "but it is an object"),
    ],
)
def test_a_threshold_that_is_none_says_what_is_accepted(value: Any, shown: str) -> None:
    for parse in (parse_detector, parse_interactor):
        message = refusal(parse, {"image": IMAGE, "threshold": value})
        assert message.startswith("threshold: expected a number from 0 to 1")
        assert shown in message


def test_huge_thresholds_are_not_repeated() -> None:
    assert "not a number that large" in refusal(
        parse_detector, {"image": IMAGE, "threshold": 10**10_000}
    )
    assert "…" in refusal(parse_detector, {"image": IMAGE, "threshold": "9" * 1_000_000})


# Interactors


def test_an_interactors_request() -> None:
    body = {
        "image": IMAGE,
        "pos_points": [[10, 20], [30.5, 40]],
        "neg_points": [[1, 2]],
        "obj_bbox": [[50, 60], [5, 6]],
        "threshold": 0.5,
        "text_prompts": ["a cat"],
    }

    assert parse_interactor(json.dumps(body)) == InteractorRequest(
        FILE, ((10, 20), (30.5, 40)), ((1, 2),), (5, 6, 50, 60), 0.5, ("a cat",)
    )


@pytest.mark.parametrize("box", [None, []])
def test_an_interactors_request_with_nothing_but_an_image(box: Any) -> None:
    body = {"image": IMAGE, "pos_points": [], "neg_points": None, "obj_bbox": box}

    assert parse_interactor(body) == InteractorRequest(FILE)
    assert parse_interactor({"image": IMAGE}) == InteractorRequest(FILE)


corner = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))


@steady
@given(corner, corner)
def test_corners_of_a_box_come_in_any_order(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    body = {"image": IMAGE, "obj_bbox": [list(first), list(second)]}
    if first[0] == second[0] or first[1] == second[1]:
        assert "no area" in refusal(parse_interactor, body)
        return

    box = parse_interactor(body).box
    assert box is not None
    assert box[0] < box[2]
    assert box[1] < box[3]
    assert sorted(box) == sorted(first + second)
    flat = {"image": IMAGE, "obj_bbox": [*second, *first]}
    assert parse_interactor(flat).box == box


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("pos_points", 5, "pos_points: expected a list, but it is a number"),
        ("pos_points", [5], "pos_points[0]: expected a list of numbers, but it is a number"),
        ("pos_points", [[1, 2], [3]], "pos_points[1]: expected a point [x, y], not 1 numbers"),
        ("neg_points", [[1, "2"]], "neg_points[0]: expected numbers, but one is text"),
        ("neg_points", [[1, None]], "neg_points[0]: expected numbers, but one is null"),
        ("neg_points", [[1, math.nan]], "neg_points[0]: expected finite numbers, not nan"),
        ("neg_points", [[1, 10**400]], "neg_points[0]: expected finite numbers"),
        ("obj_bbox", [[1, 2]], "obj_bbox: expected a box [xtl, ytl, xbr, ybr], not 2 numbers"),
        ("obj_bbox", [1, 2, 3], "obj_bbox: expected a box [xtl, ytl, xbr, ybr], not 3 numbers"),
        ("obj_bbox", "1,2,3,4", "obj_bbox: expected a list, but it is text"),
        ("obj_bbox", [[1, 2], [1, 9]], "obj_bbox: expected two opposite corners"),
        ("text_prompts", [5], "text_prompts[0]: expected text, but it is a number"),
    ],
)
def test_prompts_that_are_none(field: str, value: Any, reason: str) -> None:
    assert reason in refusal(parse_interactor, {"image": IMAGE, field: value})


# Re-identification


def test_a_re_identification_request_reads_only_points_and_label() -> None:
    other = base64.b64encode(b"second").decode()
    body = {
        "image0": IMAGE,
        "image1": other,
        "boxes0": [SHAPE],
        "boxes1": [{"points": [9, 8, 1, 2], "label_id": 6}, SHAPE],
        "threshold": "1.5",
        "max_distance": 40,
    }

    assert parse_reid(json.dumps(body)) == ReidRequest(
        FILE,
        b"second",
        (ReidBox((1, 2, 3.5, 4), 5),),
        (ReidBox((1, 2, 9, 8), 6), ReidBox((1, 2, 3.5, 4), 5)),
        1.5,
        40,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"image1": None}, "image1: expected the base64 text"),
        ({"boxes0": [5]}, "boxes0[0]: expected a shape with points, but it is a number"),
        ({"boxes1": [SHAPE, {"label_id": 1}]}, "boxes1[1].points: expected a list of numbers"),
        ({"boxes0": [SHAPE | {"points": [1, 2]}]}, "boxes0[0].points: expected a box"),
        ({"boxes0": [SHAPE | {"label_id": "5"}]}, "boxes0[0].label_id: expected a whole number"),
        ({"boxes0": [SHAPE | {"label_id": True}]}, "boxes0[0].label_id: expected a whole number"),
        ({"threshold": 2.5}, "threshold: expected a number from 0 to 2, not 2.5"),
        ({"max_distance": -1}, "max_distance: expected a number >= 0, not -1"),
        ({"max_distance": "inf"}, "max_distance: expected a number >= 0, not 'inf'"),
        ({"max_distance": "far"}, "max_distance: expected a number >= 0, not 'far'"),
    ],
)
def test_a_re_identification_request_that_is_none(changes: dict[str, Any], reason: str) -> None:
    body = {"image0": IMAGE, "image1": IMAGE, "boxes0": [], "boxes1": []} | changes

    assert reason in refusal(parse_reid, body)
