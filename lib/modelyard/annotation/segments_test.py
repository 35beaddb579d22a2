import numpy as np
import pytest

from modelyard.annotation.errors import ShapeError
from modelyard.annotation.segments import Segment


def test_bounds_of_another_size_than_the_mask_are_refused() -> None:
    with pytest.raises(ShapeError, match="are not those of a mask of 1x1"):
        Segment(np.ones((1, 1), bool), bounds=(0, 0, 1, 0))


def test_segment_bounds_include_the_last_row_and_column() -> None:
    segment = Segment(np.ones((2, 3), bool), bounds=tuple(np.array([5, 6, 7, 7])))

    assert segment.bounds == (5, 6, 7, 7)
    assert {type(number) for number in segment.bounds} == {int}
