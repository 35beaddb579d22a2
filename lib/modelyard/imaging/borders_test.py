"""Outlines along the edges of pixels, compared with contours at twice the resolution."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from modelyard.imaging.borders import borders, borders_of


def doubled(mask: NDArray[np.uint8]) -> list[list[list[int]]]:
    """In a mask of twice the resolution, an odd index is the right or lower half of a pixel."""
    found, _ = cv2.findContours(
        mask.repeat(2, axis=0).repeat(2, axis=1), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    return [turning((contour.reshape(-1, 2) + 1) // 2) for contour in found]


def turning(points: NDArray[Any]) -> list[list[int]]:
    """Drop repeated points, and those on a straight line."""
    points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    kept: list[list[int]] = points[turns].tolist()
    return kept


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_every_pixel_edge_is_followed(share: float) -> None:
    random = np.random.default_rng(int(share * 10))
    for _ in range(100):
        mask = (random.random(random.integers(1, 12, 2)) < share).astype(np.uint8)
        assert [outline.tolist() for outline in borders(mask)] == doubled(mask)


def test_a_pixel_is_a_square() -> None:
    mask = np.zeros((7, 4), np.uint8)
    mask[5, 2] = 1
    (outline,) = borders(mask)
    assert outline.tolist() == [[2, 5], [2, 6], [3, 6], [3, 5]]


def test_pixels_that_touch_at_a_corner_are_one_part() -> None:
    (outline,) = borders(np.eye(2, dtype=np.uint8))
    assert outline.tolist() == [
        [0, 0], [0, 1], [1, 1], [1, 2], [2, 2], [2, 1], [1, 1], [1, 0],
    ]  # fmt: skip


def test_nothing_has_no_outline() -> None:
    assert borders(np.zeros((3, 4), np.uint8)) == []


def test_many_masks_have_the_outlines_of_each() -> None:
    random = np.random.default_rng(7)
    masks = [(random.random((9, 11)) < share).astype(np.uint8) for share in (0.2, 0.0, 0.5, 0.9)]
    together = borders_of(masks)
    assert [len(found) for found in together] == [len(borders(mask)) for mask in masks]
    assert not together[1]
    for found, mask in zip(together, masks, strict=True):
        for outline, alone in zip(found, borders(mask), strict=True):
            np.testing.assert_array_equal(outline, alone)
