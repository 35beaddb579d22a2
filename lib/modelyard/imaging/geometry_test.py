from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modelyard.annotation.testing.strategies import steady
from modelyard.imaging.geometry import Fit, Interpolation, Size, letterbox, resize

sides = st.integers(1, 400)
sizes = st.tuples(sides, sides)
fits = st.one_of(
    st.builds(resize, sizes, sizes),
    st.builds(letterbox, sizes, sizes, center=st.booleans(), enlarge=st.booleans()),
)
numbers = st.floats(-1000, 1000)
boxes = st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=5).map(
    np.array
)


def test_a_letterbox_worked_out_by_hand() -> None:
    # 640/1280 is the smaller factor: 640x360 with 140 rows above and below.
    fit = letterbox((1280, 720), (640, 640))

    assert fit == Fit((1280, 720), (640, 640), (640, 360), 0, 140)
    assert fit.to_target(np.array([[100.0, 20.0, 300.0, 720.0]])).tolist() == [[50, 150, 150, 500]]
    assert fit.to_source(np.array([50.0, 150.0])).tolist() == [100, 20]


def test_the_options_of_a_letterbox() -> None:
    corner = letterbox((100, 50), (640, 640), center=False)
    small = letterbox((100, 50), (640, 640), enlarge=False)

    assert (corner.inner, corner.left, corner.top) == ((640, 320), 0, 0)
    assert (small.inner, small.left, small.top) == ((100, 50), 270, 295)
    assert letterbox((10_000, 1), (64, 64)).inner == (64, 1)


@steady
@given(fits, boxes)
def test_going_there_and_back_changes_nothing(fit: Fit, there: np.ndarray) -> None:
    assert fit.to_source(fit.to_target(there)) == pytest.approx(there, abs=1e-6)
    assert fit.to_target(fit.to_source(there)) == pytest.approx(there, abs=1e-6)


def test_float32_stays_and_whole_numbers_are_not_truncated() -> None:
    fit = letterbox((1280, 720), (640, 640))
    whole: Any = np.array([101, 21, 300, 720])

    assert fit.to_target(whole.astype(np.float32)).dtype == np.float32
    assert fit.to_target(whole).tolist() == [50.5, 150.5, 150, 500]
    assert fit.to_source(whole).tolist() == [202, -238, 600, 1160]


@steady
@given(fits, boxes)
def test_boxes_go_where_their_corners_go(fit: Fit, there: np.ndarray) -> None:
    corners = there.reshape(-1, 2, 2)

    assert np.array_equal(fit.to_target(there).reshape(-1, 2, 2), fit.to_target(corners))


@steady
@given(fits)
def test_the_whole_image_goes_where_it_is_put(fit: Fit) -> None:
    whole = fit.to_target(np.array([0.0, 0.0, *fit.source]))

    right, bottom = fit.left + fit.inner[0], fit.top + fit.inner[1]
    assert whole == pytest.approx([fit.left, fit.top, right, bottom])


@steady
@given(sizes, sizes)
def test_a_letterbox_keeps_proportions_and_touches_two_borders(source: Size, target: Size) -> None:
    fit = letterbox(source, target)
    scale = min(target[0] / source[0], target[1] / source[1])

    assert fit.inner[0] == target[0] or fit.inner[1] == target[1]
    for side in (0, 1):
        assert abs(fit.inner[side] - max(1.0, source[side] * scale)) <= 0.5
    # Centred to the pixel.
    assert 0 <= fit.target[0] - fit.inner[0] - 2 * fit.left <= 1
    assert 0 <= fit.target[1] - fit.inner[1] - 2 * fit.top <= 1


@steady
@given(fits, st.data())
def test_pixels_go_where_coordinates_go(fit: Fit, data: st.DataObject) -> None:
    assume(min(*fit.source, *fit.inner) >= 8)
    # A white box on black must be found again where its corners map to.
    width, height = fit.source
    left, top = data.draw(st.integers(0, width - 4)), data.draw(st.integers(0, height - 4))
    right, bottom = data.draw(st.integers(left + 4, width)), data.draw(st.integers(top + 4, height))
    assume((right - left) * fit.scale[0] >= 2)
    assume((bottom - top) * fit.scale[1] >= 2)
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right] = 255

    canvas = fit.apply(pixels, interpolation=Interpolation.AREA, fill=0)
    rows, columns = np.nonzero(canvas[:, :, 0] >= 128)
    found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]

    assert found == pytest.approx(fit.to_target(np.array([left, top, right, bottom], float)), abs=1)


def test_the_canvas_around_the_image_is_filled() -> None:
    pixels = np.full((10, 20, 3), 255, np.uint8)
    fit = letterbox((20, 10), (40, 40))

    assert fit.apply(pixels)[:10].min() == fit.apply(pixels)[30:].max() == 114
    assert fit.apply(pixels, fill=(1, 2, 3))[0, 0].tolist() == [1, 2, 3]
    assert (fit.apply(pixels)[10:30] == 255).all()


def test_one_channel_keeps_its_axis_and_the_image_stays_as_it_is() -> None:
    grey = np.full((10, 20, 1), 7, np.uint8)
    grey.flags.writeable = False

    assert resize((20, 10), (5, 6)).apply(grey).shape == (6, 5, 1)


@steady
@given(fits, st.integers(1, 8))
def test_a_map_comes_back_in_place(fit: Fit, cell: int) -> None:
    assume(min(fit.target) >= 4 * cell)
    # A map whose value is its own position on the canvas, in x and then in y.
    columns, rows = fit.target[0] // cell, fit.target[1] // cell
    step_x, step_y = fit.target[0] / columns, fit.target[1] / rows
    x = np.tile((np.arange(columns, dtype=np.float32) + 0.5) * np.float32(step_x), (rows, 1))
    y = np.tile(((np.arange(rows, dtype=np.float32) + 0.5) * np.float32(step_y))[:, None], columns)
    centers = np.stack(np.meshgrid(*(np.arange(side) + 0.5 for side in fit.source)), axis=2)
    wanted = fit.to_target(centers)

    for values, axis, step in ((x, 0, step_x), (y, 1, step_y)):
        found = fit.map_to_source(values)
        assert found.shape == (fit.source[1], fit.source[0])
        assert found.dtype == np.float32
        # Beyond the outermost centres values are repeated, not extrapolated.
        expected = wanted[:, :, axis].clip(step / 2, fit.target[axis] - step / 2)
        # OpenCV interpolates at 32nds of a cell.
        assert np.abs(found - expected).max() <= step / 32 + 1e-3


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fit((0, 1), (1, 1), (1, 1)),
        lambda: Fit((1, 1), (4, 4), (5, 4)),
        lambda: Fit((1, 1), (4, 4), (4, 4), left=1),
        lambda: Fit((1, 1), (4, 4), (2, 2), top=-1),
        lambda: resize((4, 4), (2, 2)).apply(np.zeros((4, 5, 3), np.uint8)),
        lambda: resize((4, 4), (2, 2)).to_target(np.zeros((4, 3))),
    ],
)
def test_what_does_not_fit_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"must|expected|fits"):
        make()
