import json
import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.clipping import clip
from modelyard.annotation.errors import AnnotationError, LabelError, RequestError
from modelyard.annotation.extents import bounding_box, rectangle_corners
from modelyard.annotation.labels import Label, LabelSet
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.requests import ReidBox, ReidRequest
from modelyard.annotation.responses import (
    encode_detections,
    encode_matches,
    encode_segment,
    encode_tracks,
)
from modelyard.annotation.rle import decode_rle
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
from modelyard.annotation.testing.strategies import bitmaps, shapes, sizes, steady
from modelyard.annotation.tracking import TrackedShape, TrackerInterface, TrackerRequest

SIZE = (100, 50)
BOX = Rectangle("", (1, 2, 30, 40))
L_SHAPE = np.array([[1, 0], [1, 0], [1, 1]], bool)


def detections(*found: Shape, labels: LabelSet | None = None) -> Any:
    return json.loads(encode_detections(found, labels, SIZE))


def strict(text: bytes) -> Any:
    """Read JSON as a browser does: NaN and Infinity are errors."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


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


# Trackers


def tracking(interface: TrackerInterface, *previous: TrackedShape | None) -> TrackerRequest:
    states = tuple(f"state {index}" for index in range(len(previous)))
    return TrackerRequest(b"file", previous, states, interface)


def tracks(request: TrackerRequest, *found: Shape | None, state: Any = "s") -> Any:
    return strict(encode_tracks(found, [state] * len(found), request, SIZE))


def test_cvat_1_4_gets_one_shape_and_one_state() -> None:
    assert tracks(tracking("legacy_single", BOX), Rectangle("", (-5, 2, 30, 40))) == {
        "shape": [0, 2, 30, 40],
        "state": "s",
    }


def test_lists_get_lists_in_the_same_order() -> None:
    reply = encode_tracks(
        [BOX, None, Rectangle("x", (5, 6, 7, 8))],
        [1, 2, {"a": 3}],
        tracking("rectangles", *[None] * 3),
        SIZE,
    )

    assert strict(reply) == {
        "shapes": [[1, 2, 30, 40], None, [5, 6, 7, 8]],
        "states": [1, 2, {"a": 3}],
    }


def test_no_objects_get_empty_lists() -> None:
    assert tracks(tracking("objects")) == {"shapes": [], "states": []}


def test_boxes_stand_for_any_shape_where_cvat_knows_only_boxes() -> None:
    quadrilateral = Polygon("", (10, 5, 30, 1, 35, 20, 12, 22))
    mask = Mask("", L_SHAPE, 10, 20)
    height, width = L_SHAPE.shape
    reply = tracks(tracking("rectangles", None, None), quadrilateral, mask)

    assert reply["shapes"] == [[10, 1, 35, 22], [10, 20, 10 + width, 20 + height]]


def test_of_a_turned_rectangle_they_get_the_corners_in_the_image() -> None:
    rotated = Rectangle("", (40, 20, 60, 30), rotation=90)
    beyond = Rectangle("", (-10, 20, 10, 30), rotation=180)
    reply = tracks(tracking("rectangles", None, None), rotated, beyond)

    assert reply["shapes"][0] == [55, 15, 55, 35, 45, 35, 45, 15]
    assert sorted(zip(*[iter(reply["shapes"][1])] * 2, strict=True)) == [
        (0, 20),
        (0, 30),
        (10, 20),
        (10, 30),
    ]


def test_objects_have_no_angle() -> None:
    rotated = Rectangle("", (40, 20, 60, 30), rotation=90)
    (shape,) = tracks(tracking("objects", None), rotated)["shapes"]

    assert shape == {"type": "rectangle", "points": [45, 15, 55, 35]}


def test_objects_keep_their_kind() -> None:
    polygon = Polygon("", (10, 5, 30, 1, 35, 20))
    mask = Mask("", L_SHAPE, 10, 20)
    reply = tracks(tracking("objects", *[BOX] * 4), BOX, polygon, mask, Points("", (-9, -9)))

    assert reply["shapes"][0] == {"type": "rectangle", "points": [1, 2, 30, 40]}
    assert reply["shapes"][1] == {"type": "polygon", "points": [10, 5, 30, 1, 35, 20]}
    assert reply["shapes"][2]["type"] == "mask"
    assert np.array_equal(decode_rle(reply["shapes"][2]["points"])[0], L_SHAPE)
    assert reply["shapes"][3] is None


def test_a_shape_beyond_the_image_is_lost() -> None:
    assert tracks(tracking("rectangles", None), Rectangle("", (200, 2, 230, 40)))["shapes"] == [
        None
    ]


@pytest.mark.parametrize("interface", ["rectangles", "legacy_single"])
def test_versions_that_do_not_know_lost_objects_get_the_last_box(
    interface: TrackerInterface,
) -> None:
    reply = tracks(tracking(interface, BOX), None)

    assert (reply["shape"] if "shape" in reply else reply["shapes"][0]) == [1, 2, 30, 40]


class State(msgspec.Struct):
    template: bytes
    position: tuple[float, float]


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (State(b"\x00\xff", (1.5, 2)), {"template": "AP8=", "position": [1.5, 2]}),
        ({"a": np.float32(0.5), "b": np.arange(3)}, {"a": 0.5, "b": [0, 1, 2]}),
        ([], []),
        (0, 0),
    ],
)
def test_states_are_structs_or_json(state: Any, sent: Any) -> None:
    assert tracks(tracking("rectangles", BOX), BOX, state=state)["states"] == [sent]


@pytest.mark.parametrize(
    ("found", "states", "reason"),
    [
        ([BOX], ["s", "s"], "shapes must be 2, one per object, not 1"),
        ([BOX, BOX], ["s"], "states must be 2, one per object, not 1"),
        ([BOX, BOX], ["s", None], "a state is None"),
        ([BOX, BOX], ["s", object()], "state is not JSON: object cannot be converted to JSON"),
        ([BOX, Tag("a")], ["s", "s"], "a tracker cannot report a tag"),
        ([BOX, Skeleton("a", (Keypoint("1", (1, 1)),))], ["s", "s"], "cannot report a skeleton"),
    ],
)
def test_mistakes_of_a_tracker_raise(found: list[Any], states: list[Any], reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        encode_tracks(found, states, tracking("rectangles", None, None), SIZE)


@steady
@given(shapes.filter(lambda shape: not isinstance(shape, Tag | Skeleton)), sizes)
def test_tracked_boxes_are_those_of_the_visible_part(shape: Shape, size: tuple[int, int]) -> None:
    (sent,) = strict(encode_tracks([shape], ["s"], tracking("rectangles", None), size))["shapes"]
    rotated = isinstance(shape, Rectangle) and bool(shape.rotation)
    drawn = shape
    if isinstance(shape, Rectangle) and rotated:
        drawn = Polygon("", tuple(rectangle_corners(shape).ravel().tolist()))
    visible = clip(drawn, size)

    if sent is None:
        assert not visible
    else:
        assert not isinstance(visible[0], Tag)
        box = bounding_box(Polygon("", sent)) if rotated else sent
        assert box == pytest.approx(bounding_box(visible[0]), abs=0.006)


# Re-identification


def boxes(count: int) -> tuple[ReidBox, ...]:
    return tuple(ReidBox((0, 0, 9, 9), 1) for _ in range(count))


def test_matches_are_a_list_of_plain_integers() -> None:
    request = ReidRequest(b"0", b"1", boxes(3), boxes(4))

    assert encode_matches(tuple(np.array([3, -1, 0])), request) == b"[3,-1,0]"
    assert encode_matches([], ReidRequest(b"0", b"1", (), boxes(4))) == b"[]"


@pytest.mark.parametrize(
    ("matches", "reason"),
    [
        ([0, 1], "matches must be 3, one per object, not 2"),
        ([0, 1, 4], "a match is 4, not -1 and not an index into boxes1"),
        ([0, -2, 1], "a match is -2"),
        ([2, -1, 2], "with the same box of boxes1"),
    ],
)
def test_matches_that_would_break_cvats_tracks_raise(matches: list[int], reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        encode_matches(matches, ReidRequest(b"0", b"1", boxes(3), boxes(4)))


def test_a_match_must_be_a_whole_number() -> None:
    half: Any = 0.5
    with pytest.raises(TypeError):
        encode_matches([half], ReidRequest(b"0", b"1", boxes(1), boxes(1)))


def test_strict_refuses_what_browsers_refuse() -> None:
    with pytest.raises(AssertionError):
        strict(json.dumps([math.nan]).encode())
