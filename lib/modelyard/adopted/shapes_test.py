"""Replies with every kind of shape are decoded to shapes that encode to the same reply."""

import contextlib
import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.adopted.errors import AuthorError
from modelyard.adopted.shapes import detections, segment, tracked
from modelyard.annotation import Rectangle, Shape, encode_detections
from modelyard.annotation.testing.strategies import shapes, steady

SIZE = (1000, 1000)


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


@pytest.mark.parametrize("mask", [[1, 0, 0, 0, 5, 5], [1, 1], []])
def test_a_mask_that_does_not_fill_its_box_is_refused(mask: list[int]) -> None:
    with pytest.raises(AuthorError, match="item 0"):
        detections([{"label": "a", "type": "mask", "mask": mask}])
