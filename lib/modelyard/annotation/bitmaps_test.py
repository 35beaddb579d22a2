import json
from itertools import chain

import numpy as np
from hypothesis import given

from modelyard.annotation.bitmaps import flat_json, nested_json
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.testing.strategies import bitmaps, steady


def test_the_text_of_a_known_mask() -> None:
    bitmap = np.array([[True, False], [False, False], [True, True]])

    assert nested_json(bitmap) == b"[[1,0],[0,0],[1,1]]"
    assert flat_json(bitmap) == b"1,0,0,0,1,1,"


@steady
@given(bitmaps())
def test_json_reads_the_same_pixels(bitmap: Bitmap) -> None:
    nested = json.loads(nested_json(bitmap))

    assert nested == bitmap.astype(int).tolist()
    assert json.loads(b"[" + flat_json(bitmap) + b"9]") == [*chain(*nested), 9]


def test_slices_and_transposes_are_read_in_their_own_order() -> None:
    bitmap = np.random.default_rng(0).random((6, 9)) < 0.5

    for view in (bitmap[1:5, 2:7], bitmap.T, bitmap[::-1, ::2]):
        assert json.loads(nested_json(view)) == view.astype(int).tolist()
        assert flat_json(view) == flat_json(view.copy())


def test_a_full_hd_mask_takes_at_most_2_2_bytes_a_pixel() -> None:
    bitmap = np.zeros((1080, 1920), bool)

    assert len(nested_json(bitmap)) <= 2.2 * bitmap.size
