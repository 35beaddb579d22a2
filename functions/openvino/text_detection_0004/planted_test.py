"""The detector with planted outputs, and its grouping against a plain loop."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from openvino import opset13 as op

from modelyard import Device, Image, LabelSet, Mask
from modelyard.annotation import encode_detections
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import plain, whole
from modelyard.inference.testing.properties import Thing, assert_follows_the_image
from modelyard.serving.testing.assets import planted_assets
from text_detection_0004.handler import TextDetection
from text_detection_0004.pixellink import group

GRID = (192, 320)
LABELS = [{"id": 1, "name": "text", "type": "mask"}]
SIZES = [(1280, 768), (1280, 96), (160, 1536), (320, 192)]
NEIGHBOURS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
Cells = tuple[slice, slice]


def logits(probability: Any) -> NDArray[np.float32]:
    """Logits [..., 2] of a probability."""
    odds = np.log(probability / (1 - np.asarray(probability, np.float64)))
    return np.stack((np.zeros_like(odds), odds), axis=-1).astype(np.float32)


def planted(
    folder: Path, words: Iterable[tuple[Cells, float]], link: float = 0.95
) -> TextDetection:
    text, links = np.full(GRID, 0.01), np.full((*GRID, 8), link)
    for cells, probability in words:
        text[cells] = probability
    outputs = {
        "model/link_logits_/add": logits(links).reshape(1, *GRID, 16),
        "model/segm_logits/add": logits(text)[None],
    }
    return loaded(folder, outputs)


def loaded(folder: Path, outputs: Any) -> TextDetection:
    inputs = {"Placeholder": ((1, 768, 1280, 3), np.float32)}
    plant(folder / "weights" / "text-detection-0004.xml", inputs, outputs)
    model = TextDetection()
    model.load(planted_assets(folder, "text_detection_0004.handler", labels=LABELS), Device())
    return model


# In the middle and at each border: rows, columns.
WORDS: list[tuple[Cells, float]] = [
    (np.s_[80:120, 100:240], 0.99),
    (np.s_[0:32, 64:160], 0.98),
    (np.s_[160:192, 64:160], 0.97),
    (np.s_[64:128, 0:64], 0.96),
    (np.s_[64:128, 256:320], 0.95),
]


@pytest.mark.parametrize("size", SIZES)
def test_words_are_where_they_were_planted(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, WORDS).detect(plain(size), 0.8)
    assert [round(shape.confidence or 0, 3) for shape in found] == [score for _, score in WORDS]
    wide, high = size[0] / GRID[1], size[1] / GRID[0]
    for shape, ((rows, columns), _) in zip(found, WORDS, strict=True):
        left, right = columns.start * wide, columns.stop * wide
        top, bottom = rows.start * high, rows.stop * high
        expected = np.zeros(size[::-1], bool)
        expected[round(top) : round(bottom), round(left) : round(right)] = True
        np.testing.assert_array_equal(whole(shape, size), expected)
        corners = np.array(shape.polygon).reshape(-1, 2)
        assert {tuple(corner) for corner in corners.round(2).tolist()} == {
            (x, y) for x in (left, right) for y in (top, bottom)
        }
    assert encode_detections(found, LabelSet.from_json(LABELS), size)


def test_a_word_holds_its_own_pixels_only(tmp_path: Path) -> None:
    """Upstream cropped the boxes from the combined mask of all words."""
    outer = (np.s_[20:100, 20:30], 0.95)
    corner = (np.s_[90:100, 20:120], 0.95)
    inner = (np.s_[40:70, 60:100], 0.9)
    big, small = planted(tmp_path, [outer, corner, inner]).detect(plain((1280, 768)), 0.8)
    assert not (whole(big, (1280, 768)) & whole(small, (1280, 768))).any()
    assert small.bitmap.all()


def test_unlinked_cells_are_words_of_their_own(tmp_path: Path) -> None:
    assert planted(tmp_path, WORDS, link=0.5).detect(plain((1280, 768)), 0.8) == []


def test_the_threshold_of_the_request_holds(tmp_path: Path) -> None:
    """Upstream read it from a key that CVAT does not send."""
    model = planted(tmp_path, WORDS)
    assert model.default_threshold == 0.8
    assert len(model.detect(plain((1280, 768)), 0.965)) == 3
    assert model.detect(plain((1280, 768)), 1.0) == []


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (np.s_[0:3, 0:100], True),
        (np.s_[0:2, 0:100], False),
        (np.s_[0:4, 0:5], True),
        (np.s_[0:4, 0:4], False),
    ],
)
def test_words_too_small_to_read_are_dropped(tmp_path: Path, cells: Cells, kept: bool) -> None:
    """Cells are 4x4 pixels: at least 10 pixels high and 300 square pixels."""
    found = planted(tmp_path, [(cells, 0.9)]).detect(plain((1280, 768)), 0.8)
    assert len(found) == kept


def test_a_tilted_word_has_a_tilted_box(tmp_path: Path) -> None:
    text = np.full(GRID, 0.01)
    rows, columns = np.indices(GRID)
    text[(np.abs(rows - columns) <= 6) & (np.abs(rows + columns - 180) <= 80)] = 0.95
    outputs = {
        "model/link_logits_/add": logits(np.full((*GRID, 8), 0.9)).reshape(1, *GRID, 16),
        "model/segm_logits/add": logits(text)[None],
    }
    (shape,) = loaded(tmp_path, outputs).detect(plain((1280, 768)), 0.8)
    corners = np.array(shape.polygon).reshape(-1, 2)
    sides = np.sort(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1))
    # Across and along the diagonal, 4-pixel cells plus a cell's corner on each side.
    np.testing.assert_allclose(sides, np.array([14, 14, 162, 162]) * 4 / np.sqrt(2), rtol=0.01)


def test_the_network_is_shown_bgr(tmp_path: Path) -> None:
    """Upstream fed RGB to a network that expects BGR."""

    def text(pixels: Any) -> Any:
        mean = op.reduce_mean(pixels, op.constant(np.array([1, 2])), keep_dims=True)
        weights = np.array([-1, 0, 1], np.float32).reshape(1, 1, 1, 3)
        red = op.reduce_sum(
            op.multiply(mean, op.constant(weights)), op.constant(np.array([3])), True
        )
        towards = np.zeros((1, *GRID, 2), np.float32)
        towards[..., 1] = 1
        return op.multiply(op.constant(towards), red)

    links = logits(np.full((*GRID, 8), 0.9)).reshape(1, *GRID, 16)
    outputs = {"model/link_logits_/add": links, "model/segm_logits/add": text}
    model = loaded(tmp_path, outputs)
    red = np.full((60, 80, 3), (200, 0, 0), np.uint8)
    (shape,) = model.detect(Image.from_pixels(red), 0.8)
    assert shape.bitmap.shape == (60, 80)
    assert model.detect(Image.from_pixels(red[..., ::-1]), 0.8) == []


def look(folder: Path, things: Sequence[Thing], size: tuple[int, int]) -> list[Mask]:
    words = []
    for (left, top, right, bottom), _, score in things:
        x0, x1 = round(left * GRID[1]), round(right * GRID[1])
        y0, y1 = round(top * GRID[0]), round(bottom * GRID[0])
        words.append((np.s_[y0:y1, x0:x1], score))
    return planted(folder, words).detect(plain(size), 0.5)


def test_words_follow_the_image() -> None:
    # Cells are 4x4 pixels at this size, and halves round to even.
    assert_follows_the_image(look, kinds=1, size=(1280, 768), slack=4, examples=5)


@pytest.mark.parametrize("size", [(1, 1), (5, 700), (700, 3)])
def test_odd_sizes_are_taken(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, WORDS).detect(plain(size), 0.8)
    assert encode_detections(found, LabelSet.from_json(LABELS), size)


probabilities = st.sampled_from([0.2, 0.9])
grids = st.tuples(
    arrays(np.float64, (5, 6), elements=probabilities),
    arrays(np.float64, (5, 6, 8), elements=probabilities),
)


def flooded(text: NDArray[Any], links: NDArray[Any]) -> set[frozenset[tuple[int, int]]]:
    """Words by flood fill."""
    cells = {(int(r), int(c)) for r, c in zip(*np.nonzero(text > 0.5), strict=True)}
    edges: dict[tuple[int, int], set[tuple[int, int]]] = {cell: set() for cell in cells}
    for r, c in cells:
        for index, (down, right) in enumerate(NEIGHBOURS):
            other = (r + down, c + right)
            if other in cells and links[r, c, index] > 0.5:
                edges[r, c].add(other)
                edges[other].add((r, c))
    words = set()
    while cells:
        word, border = set(), {cells.pop()}
        while border:
            word |= border
            border = {n for cell in border for n in edges[cell]} - word
        cells -= word
        words.add(frozenset(word))
    return words


def grouped(text: NDArray[Any], links: NDArray[Any]) -> set[frozenset[tuple[int, int]]]:
    words = group(logits(text), logits(links).reshape(*text.shape, 16), 0.5, 0.5)
    return {
        frozenset((int(r), int(c)) for r, c in zip(*np.nonzero(words.cells == n), strict=True))
        for n in range(1, len(words.scores) + 1)
    }


@given(grids)
@settings(deadline=None)
def test_grouping_is_that_of_the_plain_flood(maps: Any) -> None:
    assert grouped(*maps) == flooded(*maps)


@given(grids)
@settings(deadline=None)
def test_a_mirrored_picture_has_mirrored_words(maps: Any) -> None:
    text, links = maps
    order = [NEIGHBOURS.index((down, -right)) for down, right in NEIGHBOURS]
    mirrored = grouped(text[:, ::-1], links[:, ::-1][..., order])
    assert mirrored == {frozenset((r, 5 - c) for r, c in word) for word in flooded(text, links)}
