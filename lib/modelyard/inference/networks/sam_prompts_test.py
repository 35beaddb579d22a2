"""Where clicks and boxes are mapped to in the decoder's square."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modelyard.inference.networks.sam_prompts import SIDE, frame, prompt

sides = st.integers(1, 32_768)
fractions = st.floats(0, 1)


@given(width=sides, height=sides, x=fractions, y=fractions)
def test_a_point_lands_where_its_pixel_lands(width: int, height: int, x: float, y: float) -> None:
    fit = frame((width, height))
    place = (x * width, y * height)
    ((landed, padding),) = prompt(fit, positive=[place]).coordinates
    # The network adds half a pixel to what it takes for a pixel index.
    back = fit.to_source(landed.astype(np.float64) + 0.5)
    # A float32 near 1024 is precise to 2**-14, and a pixel of the square may be 32 of the image.
    np.testing.assert_allclose(back, place, atol=max(width, height) / SIDE * 2**-13 + 1e-9)
    assert padding.tolist() == [0, 0]


@given(width=sides, height=sides)
def test_the_corners_of_the_image_are_those_of_its_place(width: int, height: int) -> None:
    fit = frame((width, height))
    made = prompt(fit, box=(0, 0, width, height))
    first, last = made.coordinates[0] + 0.5
    assert first.tolist() == [0, 0]
    np.testing.assert_allclose(last, fit.inner, rtol=1e-6)
    assert max(fit.inner) == SIDE
    assert made.meanings.tolist() == [[2, 3]]


@given(
    width=sides,
    height=sides,
    points=st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=5),
)
def test_what_lies_beyond_the_image_moves_to_its_border(
    width: int, height: int, points: list[tuple[float, float]]
) -> None:
    fit = frame((width, height))
    landed = prompt(fit, positive=points).coordinates[0, :-1] + 0.5
    assert (landed >= 0).all()
    assert (landed <= np.array(fit.inner) + 1e-3).all()
    inside = [(min(max(x, 0), width), min(max(y, 0), height)) for x, y in points]
    moved = prompt(fit, positive=inside).coordinates[0, :-1] + 0.5
    np.testing.assert_array_equal(landed, moved)


@given(
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
    factor=st.integers(2, 8),
    x=fractions,
    y=fractions,
)
def test_a_larger_copy_of_the_image_gives_the_same_prompt(
    width: int, height: int, factor: int, x: float, y: float
) -> None:
    fit, larger = frame((width, height)), frame((factor * width, factor * height))
    # The short side of thin images is rounded, but to the same number of pixels.
    assume(fit.inner == larger.inner)
    point = (x * width, y * height)
    first = prompt(fit, positive=[point])
    second = prompt(larger, positive=[(factor * point[0], factor * point[1])])
    np.testing.assert_allclose(first.coordinates, second.coordinates, atol=1e-3)


def test_points_and_box_come_in_this_order_with_their_meanings() -> None:
    made = prompt(
        frame((1024, 512)), positive=[(10, 20), (30, 40)], negative=[(50, 60)], box=(1, 2, 3, 4)
    )
    assert (made.coordinates[0] + 0.5).tolist() == [[10, 20], [30, 40], [50, 60], [1, 2], [3, 4]]
    assert made.meanings.tolist() == [[1, 1, 0, 2, 3]]
    assert made.coordinates.dtype == made.meanings.dtype == np.float32


@pytest.mark.parametrize(
    ("prompts", "meanings"),
    [
        ({"positive": [(1, 1)]}, [1, -1]),
        ({"positive": [(1, 1)], "negative": [(2, 2), (3, 3)]}, [1, 0, 0, -1]),
        ({"box": (1, 1, 2, 2)}, [2, 3]),
        ({"negative": [(2, 2)], "box": (1, 1, 2, 2)}, [0, 2, 3]),
    ],
)
def test_only_points_without_a_box_are_followed_by_padding(
    prompts: dict[str, Any], meanings: list[int]
) -> None:
    assert prompt(frame((8, 8)), **prompts).meanings.tolist() == [meanings]


@pytest.mark.parametrize("negative", [[], [(1, 1)]])
def test_something_must_be_pointed_at(negative: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="a positive point or a box"):
        prompt(frame((8, 8)), negative=negative)
