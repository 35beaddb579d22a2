"""Cropping and decoding of lines, on made-up data."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from text_detection.reading import HEIGHT, alphabet, batches, cut_out, pack, spell

CHARACTERS = alphabet("a\nb\nc")


def steps(*classes: int, sure: float = 0.8) -> np.ndarray:
    """Probabilities [1, T, 5] with these as the most probable classes."""
    probabilities = np.full((1, len(classes), len(CHARACTERS)), (1 - sure) / 4, np.float32)
    probabilities[0, range(len(classes)), classes] = sure
    return probabilities


def test_the_alphabet_has_a_blank_and_a_space() -> None:
    assert len(CHARACTERS) == 5
    assert CHARACTERS[1:] == ("a", "b", "c", " ")


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        ((0, 0, 0), ""),
        ((1, 1, 1), "a"),
        ((1, 0, 1), "aa"),
        ((0, 1, 2, 2, 0, 2, 3, 3), "abbc"),
        ((1, 4, 4, 2), "a b"),
        ((3,), "c"),
    ],
)
def test_repetitions_and_blanks_are_taken_out(classes: tuple[int, ...], text: str) -> None:
    (line,) = spell(steps(*classes), CHARACTERS)
    assert line.text == text
    assert line.score == pytest.approx(0.8 if text else 0.0)


def test_the_score_is_the_mean_over_the_characters_that_count() -> None:
    probabilities = np.concatenate([steps(1, sure=0.9), steps(0, sure=1.0), steps(2, sure=0.5)], 1)
    (line,) = spell(probabilities, CHARACTERS)
    assert line.text == "ab"
    assert line.score == pytest.approx(0.7)


@given(classes=st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_it_is_what_the_definition_says(classes: list[int]) -> None:
    (line,) = spell(steps(*classes), CHARACTERS)
    assert line.text == "".join(CHARACTERS[number] for number, _ in groupby(classes) if number)


def test_lines_of_a_batch_do_not_mind_each_other() -> None:
    lines = spell(np.concatenate([steps(1, 0, 2), steps(3, 3, 0)]), CHARACTERS)
    assert [line.text for line in lines] == ["ab", "c"]


PICTURE = np.random.default_rng(3).integers(0, 256, (120, 200, 3), np.uint8)


def corners(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def test_a_line_48_pixels_high_is_cut_out_as_it_is() -> None:
    np.testing.assert_array_equal(
        cut_out(PICTURE, corners(20, 30, 140, 78)), PICTURE[30:78, 20:140]
    )


def test_a_column_is_turned_to_the_left() -> None:
    cut = cut_out(PICTURE, corners(60, 10, 108, 110))
    np.testing.assert_array_equal(cut, np.rot90(PICTURE[10:110, 60:108]))


@pytest.mark.parametrize(
    ("quad", "width"),
    [
        (corners(0, 0, 100, 24), 200),
        (corners(0, 0, 24, 30), 39),
        (corners(5, 5, 5, 5), 48),
        (corners(0, 0, 9000, 5), 3200),
        (corners(-50, -50, 300, -40), 1680),
        (np.array([(0, 40), (80, 0), (90, 20), (10, 60)], np.float32), 192),
    ],
)
def test_any_quadrilateral_becomes_48_pixels_high(quad: np.ndarray, width: int) -> None:
    cut = cut_out(PICTURE, quad)
    assert cut.shape[0] == HEIGHT
    assert cut.shape[1] == pytest.approx(width, abs=1)


@given(
    widths=st.lists(st.integers(1, 3200), max_size=20),
    budget=st.integers(320, 4000),
)
def test_batches_hold_each_line_once_and_keep_the_budget(widths: list[int], budget: int) -> None:
    groups = batches(widths, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(widths)))
    for group in groups:
        widest = max(320, *(widths[index] for index in group))
        assert len(group) == 1 or widest * len(group) <= budget


def test_lines_are_packed_with_nothing_to_the_right() -> None:
    red = np.zeros((48, 5, 3), np.uint8)
    red[..., 0] = 255
    packed = pack([red, np.zeros((48, 400, 3), np.uint8)])
    assert packed.shape == (2, 3, 48, 400)
    assert packed[0, :, 0, 0].tolist() == [-1, -1, 1]
    assert (packed[0, :, :, 5:] == 0).all()
    assert (packed[1] == -1).all()
    assert pack([red]).shape == (1, 3, 48, 320)
