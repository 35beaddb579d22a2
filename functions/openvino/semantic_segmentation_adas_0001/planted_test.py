"""The detector with a network that has planted outputs."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
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
from modelyard.imaging import fill
from modelyard.inference.heads import segmentation
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import plain
from modelyard.serving.testing.assets import planted_assets
from semantic_segmentation_adas_0001.handler import AdasSegmentation

NAMES = ["road", "sidewalk", "building", "car"]
LABELS = [{"id": n, "name": name, "type": "mask"} for n, name in enumerate(NAMES)]
SHAPE = (1024, 2048)
SIZES = [(2048, 1024), (512, 512), (1024, 64), (64, 1024), (32, 16)]
# Class, rows and columns: in the middle and at each border, on a background of class 0.
AREAS = [
    (1, np.s_[384:512, 768:1024]),
    (2, np.s_[0:128, 512:768]),
    (2, np.s_[896:1024, 512:768]),
    (3, np.s_[256:512, 0:256]),
    (3, np.s_[256:512, 1792:2048]),
]


def classes(areas: Sequence[Any] = AREAS) -> NDArray[np.float32]:
    picture = np.zeros(SHAPE, np.float32)
    for number, place in areas:
        picture[place] = number
    return picture


def loaded(folder: Path, answer: Any, labels: Any = LABELS) -> AdasSegmentation:
    inputs = {"data": ((1, 3, *SHAPE), np.float32)}
    outputs = {"argmax": answer}
    plant(folder / "weights" / "semantic-segmentation-adas-0001.xml", inputs, outputs)
    model = AdasSegmentation()
    name = "semantic_segmentation_adas_0001.handler"
    model.load(planted_assets(folder, name, labels=labels), Device())
    return model


def planted(folder: Path, picture: NDArray[np.float32], labels: Any = LABELS) -> AdasSegmentation:
    return loaded(folder, picture[None, None], labels)


def painted(found: Sequence[Mask], size: tuple[int, int]) -> NDArray[np.int64]:
    """The class of each pixel, from the shapes, which must not overlap."""
    picture = np.full(size[::-1], -1)
    for shape in found:
        height, width = shape.bitmap.shape
        place = picture[shape.top : shape.top + height, shape.left : shape.left + width]
        assert (place[shape.bitmap] == -1).all()
        place[shape.bitmap] = NAMES.index(shape.label)
    return picture


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_has_the_class_that_was_planted(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, classes()).detect(plain(size), 0.5)
    expected = np.zeros(size[::-1], int)
    for number, (rows, columns) in AREAS:
        top, bottom = rows.start * size[1] // SHAPE[0], rows.stop * size[1] // SHAPE[0]
        left, right = columns.start * size[0] // SHAPE[1], columns.stop * size[0] // SHAPE[1]
        expected[top:bottom, left:right] = number
    found_picture = painted(found, size)
    # Components below the minimum size are left out.
    small = found_picture == -1
    np.testing.assert_array_equal(found_picture[~small], expected[~small])
    assert small.sum() < segmentation.MIN_AREA * len(AREAS)
    assert all(shape.confidence is None for shape in found)
    assert encode_detections(found, LabelSet.from_json(LABELS), size)


def test_parts_of_a_class_are_shapes_of_their_own(tmp_path: Path) -> None:
    """Upstream's crops contained all parts of the class within the box."""
    ring = [
        (1, np.s_[100:600, 100:1000]),
        (0, np.s_[150:550, 150:950]),
        (1, np.s_[300:400, 400:600]),
    ]
    found = planted(tmp_path, classes(ring)).detect(plain((2048, 1024)), 0.5)
    assert Counter(shape.label for shape in found) == {"road": 2, "sidewalk": 2}
    outer, inner = (shape for shape in found if shape.label == "sidewalk")
    assert outer.bitmap.sum() == 500 * 900 - 400 * 800
    assert inner.bitmap.all()
    assert inner.bitmap.shape == (100, 200)


def test_the_outline_is_that_of_the_pixels(tmp_path: Path) -> None:
    found = planted(tmp_path, classes(AREAS[:1])).detect(plain((512, 256)), 0.5)
    (sidewalk,) = (shape for shape in found if shape.label == "sidewalk")
    outlined = fill(np.array(sidewalk.polygon), (512, 256))
    np.testing.assert_array_equal(outlined, painted([sidewalk], (512, 256)) == 1)


def test_noise_is_left_out_and_the_number_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = classes([])
    picture[::8, ::8] = 1
    picture[500:504, 1000:1003] = 2
    found = planted(tmp_path, picture).detect(plain((2048, 1024)), 0.5)
    assert [shape.label for shape in found] == ["road", "building"]
    monkeypatch.setattr(segmentation, "MIN_AREA", 1)
    many = planted(tmp_path / "b", picture).detect(plain((2048, 1024)), 0.5)
    assert len(many) == AdasSegmentation.limit


coarse = arrays(np.int64, (8, 16), elements=st.integers(0, len(NAMES) - 1))


@given(coarse, st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=6, deadline=None)
def test_the_picture_scales_and_turns_over_with_the_image(
    cells: NDArray[np.int64], wider: int, higher: int
) -> None:
    def seen(cells: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.int64]:
        picture = cells.repeat(128, axis=0).repeat(128, axis=1).astype(np.float32)
        with TemporaryDirectory() as folder:
            return painted(planted(Path(folder), picture).detect(plain(size), 0.5), size)

    small = seen(cells, (256, 128))
    np.testing.assert_array_equal(
        seen(cells, (256 * wider, 128 * higher)), small.repeat(higher, 0).repeat(wider, 1)
    )
    np.testing.assert_array_equal(seen(cells[:, ::-1], (256, 128)), small[:, ::-1])
    np.testing.assert_array_equal(seen(cells[::-1], (256, 128)), small[::-1])


def test_classes_without_a_label_are_not_reported(tmp_path: Path) -> None:
    found = planted(tmp_path, classes(), LABELS[3:]).detect(plain((512, 256)), 0.5)
    assert {shape.label for shape in found} == {"car"}


def test_the_network_is_shown_bgr(tmp_path: Path) -> None:
    """Upstream fed RGB. This network outputs class 1 where its last channel is bright."""

    def answer(pixels: Any) -> Any:
        last = op.gather(pixels, op.constant(np.array([2])), op.constant(1))
        return op.convert(op.greater(last, op.constant(np.float32(128))), "f32")

    model = loaded(tmp_path, answer)
    red = np.full((64, 128, 3), (255, 0, 0), np.uint8)
    assert [s.label for s in model.detect(Image.from_pixels(red), 0.5)] == ["sidewalk"]
    assert [s.label for s in model.detect(Image.from_pixels(red[..., ::-1]), 0.5)] == ["road"]


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 2)])
def test_odd_sizes_are_taken(tmp_path: Path, size: tuple[int, int]) -> None:
    found = planted(tmp_path, classes()).detect(plain(size), 0.5)
    assert encode_detections(found, LabelSet.from_json(LABELS), size)
