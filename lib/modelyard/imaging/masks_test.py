from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from modelyard.annotation import Mask, Polygon
from modelyard.annotation.testing.strategies import bitmaps, coordinates, steady
from modelyard.imaging.masks import Bitmap, Outline, crop, fill, parts, polygons


def disk(side: int, radius: float) -> Bitmap:
    """Return a disk in the centre of a square mask."""
    y, x = np.mgrid[:side, :side] + 0.5 - side / 2
    return np.asarray(np.hypot(x, y) < radius)


def area(outline: Outline) -> float:
    """Return the area of a simple polygon (shoelace formula)."""
    x, y = outline.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def without_holes(mask: Bitmap) -> Bitmap:
    """Return a mask with the holes of each of its parts filled."""
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    filled = [ndimage.binary_fill_holes(parts == part + 1) for part in range(count)]
    return np.any(filled, axis=0) if filled else mask


@steady
@given(bitmaps())
def test_a_crop_is_the_object_and_no_more(mask: Bitmap) -> None:
    part = crop(mask)
    if part is None:
        assert not mask.any()
        return

    again = np.zeros_like(mask)
    height, width = part.bitmap.shape
    again[part.top : part.top + height, part.left : part.left + width] = part.bitmap
    assert np.array_equal(again, mask)
    assert part.bitmap[[0, -1]].any(axis=1).all()
    assert part.bitmap[:, [0, -1]].any(axis=0).all()


def test_a_crop_makes_a_mask_shape() -> None:
    pixels = np.zeros((9, 9), np.uint8)
    pixels[3:5, 4:8] = 255
    part = crop(pixels)
    assert part is not None

    mask = Mask("a", *part)

    assert (mask.left, mask.top, mask.bitmap.shape) == (4, 3, (2, 4))
    assert mask.bitmap.all()


def test_the_outline_of_one_pixel_is_its_edges() -> None:
    mask = np.zeros((8, 8), bool)
    mask[5, 2] = True

    (outline,) = polygons(mask)

    assert sorted(map(tuple, outline.tolist())) == [(2, 5), (2, 6), (3, 5), (3, 6)]
    assert Polygon("a", tuple(outline.ravel()))


@steady
@given(bitmaps())
def test_filling_exact_outlines_gives_the_mask_back(mask: Bitmap) -> None:
    height, width = mask.shape
    outlines = polygons(mask, tolerance=0)
    filled = [fill(outline, (width, height)) for outline in outlines]

    assert np.array_equal(np.any(filled, axis=0) if filled else mask * False, without_holes(mask))
    # Each outline has the area of the pixels it encloses.
    assert [area(outline) for outline in outlines] == [part.sum() for part in filled]


@steady
@given(bitmaps(24))
def test_parts_come_largest_first_and_small_ones_can_be_left_out(mask: Bitmap) -> None:
    outlines = polygons(mask, tolerance=0)
    sizes = [area(outline) for outline in outlines]

    assert sizes == sorted(sizes, reverse=True)
    assert len(polygons(mask, tolerance=0, min_area=4)) == sum(size >= 4 for size in sizes)
    assert all(np.isfinite(outline).all() and len(outline) >= 3 for outline in polygons(mask))


@steady
@given(st.floats(4, 60), st.sampled_from([0.5, 1.0, 2.0]))
def test_simplified_outlines_stay_close(radius: float, tolerance: float) -> None:
    mask = disk(130, radius)
    (exact,), (simple,) = polygons(mask, tolerance=0), polygons(mask, tolerance=tolerance)

    assert len(simple) <= len(exact)
    # The farthest any vertex of the exact outline is from the simplified one.
    start, end = simple, np.roll(simple, -1, axis=0)
    step = end - start
    offset = exact[:, None] - start
    along = ((offset * step).sum(axis=2) / (step**2).sum(axis=1)).clip(0, 1)
    distances = np.hypot(*np.moveaxis(offset - along[:, :, None] * step, 2, 0)).min(axis=1)
    assert distances.max() <= tolerance + 1e-9


def test_a_smooth_object_takes_few_points_and_keeps_its_shape() -> None:
    mask = disk(400, 150)
    (outline,), (exact,) = polygons(mask), polygons(mask, tolerance=0)
    again = fill(outline, (400, 400))

    assert len(outline) < len(exact) / 6
    assert (again & mask).sum() / (again | mask).sum() > 0.99


def sides(points: list[tuple[float, float]], size: tuple[int, int]) -> tuple[Bitmap, Bitmap]:
    """Count edges left of each pixel's centre: where that is odd, and where it is certain."""
    x, y = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    inside, clear = np.zeros_like(x, bool), np.ones_like(x, bool)
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        level = (y0 > y) != (y1 > y)
        crossing = x0 + (y - y0) / (y1 - y0 or 1.0) * (x1 - x0)
        inside ^= level & (crossing < x)
        clear &= ~level | (np.abs(crossing - x) > 1e-6)
    return inside, clear


@steady
@given(
    st.lists(st.tuples(coordinates, coordinates).map(lambda p: (p[0] / 10, p[1] / 10)), min_size=3),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_filling_takes_the_pixels_whose_centres_are_inside(
    points: list[tuple[float, float]], size: tuple[int, int]
) -> None:
    filled = fill(points, size)
    wanted, clear = sides(points, size)

    assert filled.shape == (size[1], size[0])
    assert np.array_equal(filled & clear, wanted & clear)


def test_filling_takes_flat_coordinates_as_shapes_have_them() -> None:
    filled = fill(Polygon("a", (1, 1, 4, 1, 4, 3, 1, 3)).points, (5, 5))

    assert filled.sum() == 6
    assert filled[1:3, 1:4].all()


def test_an_empty_mask_has_no_outline() -> None:
    assert polygons(np.zeros((3, 3), bool)) == []
    assert crop(np.zeros((3, 3), np.uint8)) is None


@pytest.mark.parametrize("order", ["C", "F"])
def test_masks_of_other_types_and_layouts(order: Literal["C", "F"]) -> None:
    mask = np.zeros((6, 8), np.uint8)
    mask[1:3, 2:7] = 255

    (outline,) = polygons(np.asarray(mask, order=order)[:, ::-1])

    assert area(outline) == 10
    assert outline.min(axis=0).tolist() == [1, 1]


def all_parts(mask: Bitmap) -> set[frozenset[tuple[int, int]]]:
    return {
        frozenset(
            (int(row) + part.top, int(column) + part.left)
            for row, column in zip(*np.nonzero(part.bitmap), strict=True)
        )
        for _, part in parts(np.ascontiguousarray(mask))
    }


@steady
@given(bitmaps())
def test_parts_make_up_the_mask_and_do_not_touch(mask: Bitmap) -> None:
    found = all_parts(mask)
    assert sorted(cell for part in found for cell in part) == [
        (int(row), int(column)) for row, column in zip(*np.nonzero(mask), strict=True)
    ]
    for part in found:
        around = {(r + y, c + x) for r, c in part for y in (-1, 0, 1) for x in (-1, 0, 1)}
        assert all(part == other or not around & other for other in found)


@steady
@given(bitmaps())
def test_a_mirrored_mask_has_mirrored_parts(mask: Bitmap) -> None:
    width = mask.shape[1]
    mirrored = {frozenset((r, width - 1 - c) for r, c in part) for part in all_parts(mask)}
    assert all_parts(mask[:, ::-1]) == mirrored
