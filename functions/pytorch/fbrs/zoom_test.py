"""ZoomIn's regions."""

import numpy as np
import pytest

from fbrs.zoom import Click, Region, next_region, overlap, region_of

ON, OFF = True, False


def mask(*region: int, size: tuple[int, int] = (1000, 1000)) -> np.ndarray:
    canvas = np.zeros(size, bool)
    top, bottom, left, right = region
    canvas[top : bottom + 1, left : right + 1] = True
    return canvas


def test_a_region_is_larger_than_the_mask_by_two_fifths() -> None:
    # 301 rows about 450, 1.4 times 301 is 421.4; 401 columns about 600, 561.4.
    assert region_of(mask(300, 600, 400, 800), []) == Region(239, 661, 319, 881)


def test_small_masks_get_two_hundred_pixels() -> None:
    assert region_of(mask(500, 500, 500, 509), []) == Region(400, 600, 404, 604)


def test_clicks_on_the_object_are_in_the_region() -> None:
    clicks = [Click(ON, 100.9, 500), Click(OFF, 900, 900)]
    assert region_of(mask(500, 500, 500, 500), clicks) == region_of(mask(100, 500, 500, 500), [])


def test_regions_stay_in_the_image() -> None:
    assert region_of(mask(0, 99, 0, 119, size=(100, 120)), []) == Region(0, 99, 0, 119)


@pytest.mark.parametrize("row", [-1, 10**9])
def test_overlap_of_regions(row: int) -> None:
    first = Region(0, 9, 0, 9)
    assert overlap(first, first) == 1
    assert overlap(first, Region(5, 14, 0, 9)) == pytest.approx(5 / 15)
    assert overlap(first, Region(5, 14, 5, 14)) == pytest.approx(1 / 9)
    assert overlap(first, Region(row - 1, row - 1, 0, 9)) == 0 or row < 0


def test_a_region_stays_while_it_fits() -> None:
    before, near, far = Region(0, 99, 0, 99), Region(10, 109, 0, 99), Region(90, 300, 0, 99)
    assert next_region(None, near, []) == near
    assert next_region(before, near, [Click(ON, 50, 50), Click(OFF, 500, 500)]) == before
    assert next_region(before, near, [Click(ON, 99, 50)]) == near
    assert next_region(before, far, [Click(ON, 50, 50)]) == far


def test_parts_are_shown_with_their_longer_side_as_asked() -> None:
    region = Region(100, 299, 50, 149)
    assert region.size == (200, 100)
    assert region.shown(480) == (480, 240)
    assert region.place(Click(ON, 150, 75), (480, 240)) == (ON, 120, 60)
    assert Region(0, 0, 0, 2000).shown(480) == (1, 480)
