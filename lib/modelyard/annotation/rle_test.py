import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation.errors import ShapeError
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.rle import decode_rle, encode_rle
from modelyard.annotation.testing.strategies import bitmaps, steady


def test_runs_of_a_known_mask() -> None:
    # The example of contracts/cvat.md 3.1: twelve pixels, two on, two off, and so on.
    bitmap = np.array([1, 1, 0, 0] * 3, bool).reshape(3, 4)

    assert encode_rle(bitmap, 5, 6) == [0, 2, 2, 2, 2, 2, 2, 5, 6, 8, 8]


def test_a_mask_that_starts_off_the_object() -> None:
    assert encode_rle(np.array([[False, True, True]]), 0, 0) == [1, 2, 0, 0, 2, 0]


@steady
@given(bitmaps(), st.integers(0, 99), st.integers(0, 99))
def test_decoding_undoes_encoding(bitmap: Bitmap, left: int, top: int) -> None:
    runs = encode_rle(bitmap, left, top)
    again, *corner = decode_rle(runs)

    assert np.array_equal(again, bitmap)
    assert corner == [left, top]
    assert sum(runs[:-4]) == bitmap.size


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([], "run lengths and then the box"),
        ([0, 0, 1, 1], "run lengths and then the box"),
        ([4.5, 0, 0, 1, 1], "whole numbers"),
        ([-1, 5, 0, 0, 1, 1], "whole numbers"),
        ([3, 0, 0, 1, 1], "fill its 2x2 box"),
        ([4, 5, 5, 4, 6], "not accepted"),
        ([1e12, 0, 0, 999_999, 999_999], "not accepted"),
    ],
)
def test_runs_that_make_no_mask_are_refused(numbers: list[float], reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        decode_rle(numbers)
