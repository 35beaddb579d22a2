"""Segment Anything with planted networks, whose masks are known to the pixel."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.inference.networks.sam import (
    Answer,
    Bitmap,
    SamDecoder,
    SamEncoder,
    bitmap,
    encoder_input,
    logit,
)
from modelyard.inference.networks.sam_prompts import frame, prompt
from modelyard.inference.testing.segment_anything import CLICK_RADIUS, HOLE_RADIUS, plant_sam

Size = tuple[int, int]


class Planted(NamedTuple):
    """Both networks."""

    encoder: SamEncoder
    decoder: SamDecoder

    def mask(self, size: Size, **prompts: Any) -> Bitmap:
        """The mask that this prompt gives in an image of that size."""
        fit = frame(size)
        embedding = np.zeros((1, 256, 64, 64), np.float32)
        (answer,) = self.decoder.decode(embedding, [prompt(fit, **prompts)])
        return bitmap(answer, fit)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("sam")
    plant_sam(folder)
    return Planted(
        SamEncoder(folder / "sam_encoder.onnx", Device()),
        SamDecoder(folder / "sam_decoder.onnx", Device(), performance="throughput"),
    )


def extent(mask: Bitmap) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels of a mask; right and bottom are beyond the last."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


SIZES = [(1024, 1024), (400, 300), (300, 400), (1600, 100), (90, 1500), (16, 12), (1920, 1080)]


@pytest.mark.parametrize("size", SIZES)
def test_a_box_gives_its_very_pixels(planted: Planted, size: Size) -> None:
    width, height = size
    box = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    mask = planted.mask(size, box=box)
    assert mask.shape == (height, width)
    assert extent(mask) == box
    whole = np.zeros_like(mask)
    whole[box[1] : box[3], box[0] : box[2]] = True
    # The decoder's cells, 4 pixels of the square, round the corners off.
    cell = np.ceil(4 / np.array(frame(size).scale)).astype(int)
    rounded = np.argwhere(mask != whole)
    beside = np.abs(rounded[:, None, ::-1] - np.reshape(box, (2, 2))).min(axis=1)
    assert (beside <= cell).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("border", ["left", "top", "right", "bottom"])
def test_a_box_at_a_border_reaches_it(planted: Planted, size: Size, border: str) -> None:
    width, height = size
    box = {
        "left": (0, height // 4, width // 2, height * 3 // 4),
        "top": (width // 4, 0, width * 3 // 4, height // 2),
        "right": (width // 2, height // 4, width, height * 3 // 4),
        "bottom": (width // 4, height // 2, width * 3 // 4, height),
    }[border]
    assert extent(planted.mask(size, box=box)) == box


@given(
    width=st.integers(200, 1024),
    height=st.integers(200, 1024),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)
@settings(deadline=None, max_examples=60)
def test_any_box_gives_its_very_pixels(
    planted: Planted, width: int, height: int, corners: tuple[float, float, float, float]
) -> None:
    box = whole_pixels(corners, (width, height))
    found = np.array(extent(planted.mask((width, height), box=box)))
    # The shorter side is rounded to whole pixels of the square, which may lose one of the image.
    assert np.abs(found - box).max() <= 1


def whole_pixels(corners: tuple[float, ...], size: Size) -> tuple[int, int, int, int]:
    """A box of at least a third of the sides whose corners are corners of pixels."""
    (left, right), (top, bottom) = (
        (round(first * side * 0.6), round((0.4 + 0.6 * max(first, last)) * side))
        for first, last, side in (
            (corners[0], corners[2], size[0]),
            (corners[1], corners[3], size[1]),
        )
    )
    return left, top, right, bottom


@given(
    width=st.integers(300, 1024),
    height=st.integers(300, 1024),
    x=st.floats(0.3, 0.7),
    y=st.floats(0.3, 0.7),
)
@settings(deadline=None, max_examples=60)
def test_a_click_is_in_the_middle_of_its_mask(
    planted: Planted, width: int, height: int, x: float, y: float
) -> None:
    point = (round(x * width) + 0.5, round(y * height) + 0.5)
    scale = np.array(frame((width, height)).scale)
    left, top, right, bottom = extent(planted.mask((width, height), positive=[point]))
    # From the centre of a pixel the square extends equally to both sides.
    assert ((left + right) / 2, (top + bottom) / 2) == point
    np.testing.assert_allclose(
        [(right - left) / 2, (bottom - top) / 2], CLICK_RADIUS / scale, atol=1
    )


def test_each_positive_click_adds_and_each_negative_takes_away(planted: Planted) -> None:
    size, first, second, beside = (1024, 512), (200, 200), (700, 300), (210, 190)
    both = planted.mask(size, positive=[first, second])
    np.testing.assert_array_equal(
        both, planted.mask(size, positive=[first]) | planted.mask(size, positive=[second])
    )
    holed = planted.mask(size, positive=[first, second], negative=[beside])
    taken = np.zeros_like(both)
    taken[beside[1] - HOLE_RADIUS : beside[1] + HOLE_RADIUS, 190:230] = True
    np.testing.assert_array_equal(holed, both & ~taken)


@pytest.mark.parametrize("size", [(200, 160), (1024, 1024), (512, 128)])
def test_a_mirrored_prompt_gives_the_mirrored_mask(planted: Planted, size: Size) -> None:
    width, height = size
    box = (width // 8, height // 5, width // 2, height // 2)
    mirrored = (width - box[2], box[1], width - box[0], box[3])
    mask = planted.mask(size, box=box)
    np.testing.assert_array_equal(planted.mask(size, box=mirrored), mask[:, ::-1])


def test_a_lower_threshold_takes_in_more() -> None:
    # Probability 1/2 is in the middle of the ramp, 3/4 and 1/4 at a logit of about 1.1.
    ramp = np.tile(np.linspace(-8, 8, 256, dtype=np.float32), (256, 1))
    fit = frame((1024, 1024))
    widths = [bitmap(Answer(ramp, 1), fit, part)[0].sum() for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
    expected = [1024, 512 + 64 * np.log(3), 512, 512 - 64 * np.log(3), 0]
    np.testing.assert_allclose(widths, expected, atol=2.5)


@given(st.floats(0.001, 0.999))
def test_logit_is_the_inverse_of_the_logistic_function(probability: float) -> None:
    assert 1 / (1 + np.exp(-logit(probability))) == pytest.approx(probability)


def test_many_prompts_are_answered_in_order(planted: Planted) -> None:
    fit = frame((1024, 1024))
    boxes = [(index * 100, 0, index * 100 + 100, 100) for index in range(9)]
    embedding = np.zeros((1, 256, 64, 64), np.float32)
    answers = planted.decoder.decode(embedding, [prompt(fit, box=box) for box in boxes])
    assert [extent(bitmap(answer, fit)) for answer in answers] == boxes
    assert [answer.quality for answer in answers] == [0.5] * 9
    assert planted.decoder.decode(embedding, []) == []


def test_the_encoder_gets_normalised_rgb_and_zeros_around_it() -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:] = (255, 128, 0)
    image = Image.from_pixels(pixels)
    fit = frame(image.size)
    seen = encoder_input(image, fit)
    assert seen.shape == (1, 3, 1024, 1024)
    assert seen.dtype == np.float32
    assert seen.flags.c_contiguous
    red, green, blue = (255 - 123.675) / 58.395, (128 - 116.28) / 57.12, (0 - 103.53) / 57.375
    np.testing.assert_allclose(seen[0, :, 0, 0], [red, green, blue], rtol=1e-5)
    np.testing.assert_allclose(seen[0, :, 511, 1023], [red, green, blue], rtol=1e-5)
    assert not seen[0, :, 512:].any()


def test_a_tall_image_leaves_zeros_at_the_right() -> None:
    white = Image.from_pixels(np.full((80, 20, 3), 255, np.uint8))
    seen = encoder_input(white, frame(white.size))
    assert seen[0, :, :, :256].all()
    assert not seen[0, :, :, 256:].any()


def test_fine_patterns_of_a_large_image_are_averaged() -> None:
    pixels = np.zeros((2048, 2048, 3), np.uint8)
    pixels[::2] = 200
    image = Image.from_pixels(pixels)
    seen = encoder_input(image, frame(image.size))
    np.testing.assert_allclose(seen[0, 0], (100 - 123.675) / 58.395, rtol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (2500, 1), (1024, 1024), (1025, 3)])
def test_images_of_any_size_are_embedded(planted: Planted, size: Size) -> None:
    image = Image.from_pixels(np.full((size[1], size[0], 3), 255, np.uint8))
    fit = frame(image.size)
    embedding = planted.encoder.embed(image, fit)
    assert embedding.shape == (1, 256, 64, 64)
    # The planted embedding is the mean of the input, which is 0 outside the image.
    white = np.mean([(255 - 123.675) / 58.395, (255 - 116.28) / 57.12, (255 - 103.53) / 57.375])
    share = fit.inner[0] * fit.inner[1] / 1024**2
    np.testing.assert_allclose(embedding, white * share, rtol=1e-3)
    # A side shorter than a cell is below the decoder's resolution, but not an error.
    assert planted.mask(size, box=(0, 0, *size)).shape == (size[1], size[0])
