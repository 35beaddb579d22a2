import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.clipping import clip
from modelyard.annotation.errors import LabelError, RequestError
from modelyard.annotation.labels import Label, LabelSet
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.responses import encode_detections, encode_segment
from modelyard.annotation.segments import Segment
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Keypoint,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
)
from modelyard.annotation.testing.browser import strict
from modelyard.annotation.testing.strategies import bitmaps, shapes, sizes, steady

SIZE = (100, 50)
L_SHAPE = np.array([[1, 0], [1, 0], [1, 1]], bool)


def detections(*found: Shape, labels: LabelSet | None = None) -> Any:
    return json.loads(encode_detections(found, labels, SIZE))


# Detectors


@pytest.mark.parametrize(
    ("shape", "item"),
    [
        (
            Rectangle("cat", (1.234567, 2, 30, 40), confidence=float(np.float32(0.1))),
            {"label": "cat", "type": "rectangle", "confidence": 0.1, "points": [1.23, 2, 30, 40]},
        ),
        (
            Rectangle("cat", (10, 10, 30, 40), rotation=-30, group_id=0),
            {"label": "cat", "type": "rectangle", "points": [10, 10, 30, 40], "rotation": 330}
            | {"group_id": 0},
        ),
        (
            Polygon("a", (0, 0, 9, 0, 9, 9)),
            {"label": "a", "type": "polygon", "points": [0, 0, 9, 0, 9, 9]},
        ),
        (
            Polyline("a", tuple(np.array([0, 0, 9, 9], np.float32))),
            {"label": "a", "type": "polyline", "points": [0, 0, 9, 9]},
        ),
        (Points("a", (5, 6)), {"label": "a", "type": "points", "points": [5, 6]}),
        (
            # Centre, then the x of the rightmost and the y of the topmost point.
            Ellipse("a", (50, 20), (30, 10)),
            {"label": "a", "type": "ellipse", "points": [50, 20, 80, 10]},
        ),
        (
            Cuboid("a", tuple(range(16))),
            {"label": "a", "type": "cuboid", "points": list(range(16))},
        ),
        (
            Tag("night", confidence=1, attributes=(Attribute("moon", "true"),)),
            {"label": "night", "type": "tag", "confidence": 1}
            | {"attributes": [{"name": "moon", "value": "true"}]},
        ),
        (
            # Three rows of two pixels, then the box with its last column and row included.
            Mask("a", L_SHAPE, 10, 20),
            {"label": "a", "type": "mask", "mask": [1, 0, 1, 0, 1, 1, 10, 20, 11, 22]},
        ),
        (
            Mask("a", L_SHAPE * 255, 10, 20, (10, 20, 11, 20, 12, 23, 10, 23)),
            {"label": "a", "type": "mask", "mask": [1, 0, 1, 0, 1, 1, 10, 20, 11, 22]}
            | {"points": [10, 20, 11, 20, 12, 23, 10, 23]},
        ),
        (
            Skeleton("a", (Keypoint("1", (5, 6)), Keypoint("2", (7, 99)))),
            {
                "label": "a",
                "type": "skeleton",
                "elements": [
                    {"label": "1", "type": "points", "points": [5, 6], "outside": 0},
                    {"label": "2", "type": "points", "points": [7, 50], "outside": 1},
                ],
            },
        ),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_each_kind_as_cvat_reads_it(shape: Shape, item: dict[str, Any]) -> None:
    assert detections(shape) == [item]


def test_nothing_found_is_an_empty_list() -> None:
    assert encode_detections([], LabelSet([]), SIZE) == b"[]"


def test_outside_is_a_number_as_in_cvats_own_functions() -> None:
    reply = encode_detections([Skeleton("a", (Keypoint("1", (5, 6)),))], None, SIZE)

    assert b'"outside":0' in reply


def test_a_mask_across_the_border_has_a_box_within_the_image() -> None:
    right_top, left_bottom = detections(
        Mask("a", np.ones((4, 4), bool), 98, -2), Mask("a", np.eye(3, dtype=bool), -1, 48)
    )

    assert right_top["mask"] == [1, 1, 1, 1, 98, 0, 99, 1]
    assert left_bottom["mask"] == [1, 0, 49, 0, 49]


@steady
@given(st.lists(shapes, max_size=4), sizes)
def test_any_reply_keeps_the_contract(found: list[Shape], size: tuple[int, int]) -> None:
    items = strict(encode_detections(found, None, size))

    assert len(items) == sum(len(clip(shape, size)) for shape in found)
    for item in items:
        assert isinstance(item["label"], str)
        assert {type(attribute["value"]) for attribute in item.get("attributes", [])} <= {str}
        assert 0 <= item.get("rotation", 0) <= 360
        if item["type"] == "mask":
            check_mask(item["mask"], size)
        elif item["type"] == "skeleton":
            assert not all(element["outside"] for element in item["elements"])
        elif item["type"] not in ("tag", "ellipse", "cuboid") and "rotation" not in item:
            check_points(item["points"], size)


def check_mask(mask: list[Any], size: tuple[int, int]) -> None:
    *pixels, left, top, right, bottom = mask
    assert {type(number) for number in mask} == {int}
    assert 0 <= left <= right < size[0]
    assert 0 <= top <= bottom < size[1]
    assert len(pixels) == (right - left + 1) * (bottom - top + 1)
    assert 1 in pixels
    assert set(pixels) <= {0, 1}


def check_points(points: list[float], size: tuple[int, int]) -> None:
    assert all(0 <= x <= size[0] for x in points[0::2])
    assert all(0 <= y <= size[1] for y in points[1::2])


def test_labels_that_are_not_declared_raise_even_beyond_the_image() -> None:
    labels = LabelSet([Label("cat", type="rectangle")])

    assert detections(Rectangle("cat", (0, 0, 9, 9)), labels=labels)
    with pytest.raises(LabelError, match="'dog' is not in the function's label set: cat"):
        detections(Rectangle("dog", (-99, -99, -9, -9)), labels=labels)


# Interactors


@steady
@given(bitmaps())
def test_a_segment_is_rows_of_zeros_and_ones(bitmap: Bitmap) -> None:
    bitmap[0, 0] = True

    assert strict(encode_segment(Segment(bitmap))) == {"mask": bitmap.astype(int).tolist()}


def test_a_segment_with_outline_and_bounds() -> None:
    segment = Segment(L_SHAPE, (10, 20, 11.004, 20, 12, 23), (10, 20, 11, 22))

    assert strict(encode_segment(segment)) == {
        "mask": [[1, 0], [1, 0], [1, 1]],
        "points": [[10, 20], [11, 20], [12, 23]],
        "bounds": [10, 20, 11, 22],
    }


def test_an_empty_segment_is_a_422_and_not_an_empty_mask() -> None:
    with pytest.raises(RequestError, match="no object found") as caught:
        encode_segment(Segment(np.zeros((3, 3), bool)))

    assert caught.value.status == 422


def test_a_full_hd_segment_takes_at_most_2_2_bytes_a_pixel() -> None:
    bitmap = np.random.default_rng(0).random((1080, 1920)) < 0.5

    reply = encode_segment(Segment(bitmap))

    assert len(reply) <= 2.2 * bitmap.size
    assert np.array_equal(json.loads(reply)["mask"], bitmap)


def test_strict_refuses_what_browsers_refuse() -> None:
    with pytest.raises(AssertionError):
        strict(json.dumps([math.nan]).encode())
