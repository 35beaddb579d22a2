"""The interactor with networks that have planted outputs."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from openvino import opset13 as op

from dextr.handler import Dextr, cut, extremes, heatmap, pixels_at, surroundings
from modelyard import Clicks, Device, Image, RequestError, Segment
from modelyard.annotation import encode_segment
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import plain
from modelyard.serving.testing.assets import planted_assets

INPUT = {"input": ((1, 4, 512, 512), np.float32)}
SIZES = [(300, 300), (900, 120), (120, 900), (20, 15)]


def planted(folder: Path, answer: NDArray[Any] | Callable[[Any], Any]) -> Dextr:
    plant(folder / "weights" / "dextr.xml", INPUT, {"output": answer})
    model = Dextr()
    model.load(planted_assets(folder, "dextr.handler", "interactor"), Device())
    return model


def half(probability: float = 0.9) -> NDArray[np.float32]:
    """The left half of the network's input."""
    answer = np.zeros((1, 1, 512, 512), np.float32)
    answer[..., :256] = probability
    return answer


def brightness(nodes: Any) -> Any:
    """An object wherever the red channel is bright."""
    red = op.slice(nodes, *(op.constant(np.array([n], np.int64)) for n in (0, 1, 1, 1)))
    return op.divide(red, op.constant(np.float32(255)))


def clicks(*points: tuple[float, float], threshold: float = 0.8) -> Clicks:
    return Clicks(positive=points, threshold=threshold)


def around(left: float, top: float, right: float, bottom: float) -> Clicks:
    x, y = (left + right) / 2, (top + bottom) / 2
    return clicks((left, y), (x, top), (right, y), (x, bottom))


def whole(segment: Segment, size: tuple[int, int]) -> NDArray[np.bool_]:
    if segment.bounds is None:
        return segment.mask
    image = np.zeros(size[::-1], bool)
    left, top, right, bottom = segment.bounds
    image[top : bottom + 1, left : right + 1] = segment.mask
    return image


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0.5)])
def test_the_mask_lands_where_the_crop_was(
    tmp_path: Path, size: tuple[int, int], corner: tuple[float, float]
) -> None:
    """Also at the borders: an early version of CVAT's handler assumed a full margin there."""
    w, h = size[0] // 4, size[1] // 4
    x, y = int(corner[0] * (size[0] - w - 1)), int(corner[1] * (size[1] - h - 1))
    segment = planted(tmp_path, half()).segment(plain(size), around(x, y, x + w, y + h))
    # The crop has w + 1 columns and 50 on each side; outside the points' own box all is cleared.
    middle = x - 50 + (w + 1 + 100) / 2
    columns, rows = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    expected = np.logical_and.outer(
        (rows > y) & (rows < y + h + 1), (columns > x) & (columns < middle)
    )
    difference = whole(segment, size) ^ expected
    # The network's cell next to the middle is wider than a pixel of a small crop: half of it fades.
    assert not difference[:, np.abs(columns - middle) > 1].any()


def test_the_object_is_found_to_the_pixel_by_what_the_network_sees(tmp_path: Path) -> None:
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[100:200, 150:290, 0] = 255
    image = Image.from_pixels(pixels)
    model = planted(tmp_path, brightness)
    segment = model.segment(image, around(150.5, 100.5, 289.5, 199.5))
    assert segment.bounds == (150, 100, 289, 199)
    assert segment.mask.all()
    corners = {*zip(segment.polygon[::2], segment.polygon[1::2], strict=True)}  # type: ignore[index]
    assert corners == {(150, 100), (290, 100), (290, 200), (150, 200)}
    blue = Image.from_pixels(pixels[..., ::-1])
    assert not model.segment(blue, around(150, 100, 290, 200)).mask.any()


def test_an_object_at_the_border_is_seen_with_zeros_beyond(tmp_path: Path) -> None:
    image = Image.from_pixels(np.full((100, 100, 3), 255, np.uint8))
    segment = planted(tmp_path, brightness).segment(image, around(0, 0, 99, 99))
    assert whole(segment, image.size).all()


def test_the_threshold_of_the_request_holds(tmp_path: Path) -> None:
    """Upstream's threshold was fixed."""
    model = planted(tmp_path, half(0.6))
    points = around(100, 100, 200, 200).positive
    assert model.default_threshold == 0.8
    assert not model.segment(plain((300, 300)), clicks(*points)).mask.any()
    assert model.segment(plain((300, 300)), clicks(*points, threshold=0.5)).mask.any()


def test_nothing_found_is_said_with_a_status(tmp_path: Path) -> None:
    """Upstream raised, which CVAT's users saw as an internal error."""
    segment = planted(tmp_path, half(0)).segment(plain((300, 200)), around(100, 50, 200, 150))
    assert segment.mask.shape == (200, 300)
    with pytest.raises(RequestError) as caught:
        encode_segment(segment)
    assert caught.value.status == 422


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_than_four_points_are_the_callers_fault(tmp_path: Path, count: int) -> None:
    points = around(100, 50, 200, 150).positive[:count]
    with pytest.raises(RequestError, match=f"4 extreme points are needed, not {count}"):
        planted(tmp_path, half()).segment(plain((300, 200)), clicks(*points))


def test_four_clicks_on_one_pixel_are_taken(tmp_path: Path) -> None:
    model = planted(tmp_path, half())
    assert model.segment(plain((10, 10)), clicks(*[(9.5, 9.5)] * 4)).mask.shape
    assert model.segment(plain((1, 1)), clicks(*[(0.5, 0.5)] * 4)).mask.shape


def test_four_points_are_used_as_given() -> None:
    """The first is the leftmost and the topmost: the others count as well."""
    four = pixels_at([(10.9, 10.0), (50.2, 20.5), (40.0, 60.0), (30.5, 40.5)], (100, 100))
    np.testing.assert_array_equal(four, [(10, 10), (50, 20), (40, 60), (30, 40)])
    np.testing.assert_array_equal(extremes(four), four)
    box = surroundings(four)
    # 10 - 50, 10 - 50 to 50 + 50, 60 + 50, and the pixel there.
    assert box == (-40, -40, 101, 111)
    heat = heatmap(four, box)
    # As the authors' demo.py: 512 / 141 * (10 + 40) = 181.56 and so on, the fraction dropped.
    for column, row in ((181, 169), (326, 203), (290, 339), (254, 271)):
        assert heat[row, column] == pytest.approx(255)


def test_a_point_beyond_the_last_pixel_is_on_it() -> None:
    np.testing.assert_array_equal(pixels_at([(100.0, -1.0)], (100, 80)), [(99, 0)])


coordinates = st.integers(0, 500)
points = st.lists(st.tuples(coordinates, coordinates), min_size=5, max_size=9)


@given(points, st.randoms(use_true_random=False))
def test_of_many_points_the_outermost_count_whatever_their_order(rows: Any, random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (extremes(np.array(order)) for order in (rows, shuffled))
    assert surroundings(first) == surroundings(second) == surroundings(np.array(rows))


@given(points)
def test_the_blobs_lie_at_the_points(rows: Any) -> None:
    four = extremes(np.array(rows))
    box = surroundings(four)
    heat = heatmap(four, box)
    assert (heat.min(), heat.max()) == (0, pytest.approx(255))
    scale = 512 / np.array((box[2] - box[0], box[3] - box[1]))
    for at in np.round((four - box[:2]) * scale - 0.5).astype(int):
        # The centre is at most one pixel away: exp(-4 log 2 * 2 / 100) = 0.946.
        assert heat[at[1], at[0]] > 0.94 * 255


def test_a_mirrored_image_is_seen_mirrored() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (80, 120, 3), np.uint8)
    four = np.array([(10, 30), (40, 5), (70, 33), (42, 60)])
    mirrored = np.array([(119, 0)]) + four * np.array((-1, 1))
    box, other = surroundings(four), surroundings(mirrored)
    assert other == (120 - box[2], box[1], 120 - box[0], box[3])
    np.testing.assert_allclose(
        cut(Image.from_pixels(pixels[:, ::-1]), other),
        cut(Image.from_pixels(pixels), box)[:, ::-1],
        atol=1,
    )


edges = st.integers(5, 60), st.integers(70, 110)


@given(st.tuples(*edges), st.tuples(*edges), st.booleans())
@settings(max_examples=10, deadline=None)
def test_the_mask_turns_over_with_the_image(
    columns: tuple[int, int], rows: tuple[int, int], sideways: bool
) -> None:
    pixels = np.zeros((120, 120, 3), np.uint8)
    pixels[slice(*rows), slice(*columns), 0] = 255
    turned = pixels[:, ::-1] if sideways else pixels[::-1]
    box = [columns[0] + 0.5, rows[0] + 0.5, columns[1] - 0.5, rows[1] - 0.5]
    axis = 0 if sideways else 1
    other = list(box)
    other[axis], other[axis + 2] = 120 - box[axis + 2], 120 - box[axis]
    with TemporaryDirectory() as folder:
        model = planted(Path(folder), brightness)
        mask = whole(model.segment(Image.from_pixels(pixels), around(*box)), (120, 120))
        flipped = whole(model.segment(Image.from_pixels(turned), around(*other)), (120, 120))
    assert mask.any()
    np.testing.assert_array_equal(flipped, mask[:, ::-1] if sideways else mask[::-1])


@given(st.permutations(range(4)))
@settings(max_examples=6, deadline=None)
def test_the_order_of_the_clicks_changes_nothing(order: list[int]) -> None:
    points = around(100, 50, 200, 150).positive
    with TemporaryDirectory() as folder:
        model = planted(Path(folder), half())
        first, second = (
            model.segment(plain((300, 200)), clicks(*chosen)).mask
            for chosen in (points, [points[index] for index in order])
        )
    np.testing.assert_array_equal(first, second)
