"""Exact postprocessing to masks, and preprocessing to the network's input."""

import json
from pathlib import Path

import numpy as np
import openvino
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openvino import opset13 as op

from modelyard import Assets, Device, Image
from modelyard.imaging import fill
from salient_object.handler import SalientObject, network_input, objects


def test_parts_are_objects_of_their_own_the_largest_first() -> None:
    values = np.zeros((100, 200), np.float32)
    values[10:20, 10:30] = 0.8
    values[40:90, 100:180] = 0.9
    large, small = objects(values, "object", 0.5, 0.001)
    assert (large.left, large.top, large.bitmap.shape) == (100, 40, (50, 80))
    assert (small.left, small.top, small.bitmap.shape) == (10, 10, (10, 20))
    assert large.confidence == pytest.approx(0.9, abs=1e-6)
    assert small.confidence == pytest.approx(0.8, abs=1e-6)
    for mask in (large, small):
        assert mask.polygon is not None
        filled = fill(mask.polygon, (200, 100))
        np.testing.assert_array_equal(filled, values == np.float32(mask.confidence))


def test_pixels_that_touch_at_a_corner_are_one_object() -> None:
    values = np.zeros((20, 20), np.float32)
    values[2:10, 2:10] = 1
    values[10:18, 10:18] = 1
    (mask,) = objects(values, "object", 0.5, 0.001)
    assert mask.bitmap.sum() == 128


def test_an_object_in_the_hole_of_another_is_not_part_of_it() -> None:
    values = np.ones((60, 60), np.float32)
    values[10:50, 10:50] = 0
    values[20:40, 20:40] = 1
    ring, middle = objects(values, "object", 0.5, 0.001)
    assert ring.bitmap.sum() == 60 * 60 - 40 * 40
    assert not ring.bitmap[30, 30]
    assert (middle.left, middle.top, int(middle.bitmap.sum())) == (20, 20, 400)


def test_specks_and_faint_pixels_are_left_out() -> None:
    values = np.zeros((100, 100), np.float32)
    values[0, :9] = 1
    values[50:60, 50:60] = 0.49
    assert objects(values, "object", 0.5, 0.001) == []
    values[0, 9] = 0.5
    (mask,) = objects(values, "object", 0.5, 0.001)
    assert mask.bitmap.tolist() == [[True] * 10]
    assert mask.confidence == pytest.approx(0.95)


@given(st.integers(1, 12), st.integers(1, 12), st.data())
@settings(deadline=None, max_examples=60)
def test_masks_cover_exactly_what_is_salient(width: int, height: int, data: st.DataObject) -> None:
    flags = data.draw(st.lists(st.booleans(), min_size=width * height, max_size=width * height))
    values = np.array(flags, np.float32).reshape(height, width)
    covered = np.zeros((height, width), int)
    areas = []
    for mask in objects(values, "object", 0.5, 0):
        rows, columns = mask.bitmap.shape
        covered[mask.top : mask.top + rows, mask.left : mask.left + columns] += mask.bitmap
        areas.append(mask.bitmap.sum())
    np.testing.assert_array_equal(covered, values)
    assert areas == sorted(areas, reverse=True)
    mirrored = objects(values[:, ::-1], "object", 0.5, 0)
    assert [mask.bitmap.sum() for mask in mirrored] == areas


def test_the_network_sees_rgb_by_its_brightest_value_and_normalised() -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    pixels[1, 2] = (200, 100, 50)
    seen = network_input(pixels)
    assert seen.shape == (1, 3, 4, 5)
    assert seen.dtype == np.float32
    expected = [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.25 - 0.406) / 0.225]
    np.testing.assert_allclose(seen[0, :, 1, 2], expected, rtol=1e-5)
    black = network_input(np.zeros((2, 2, 3), np.uint8))
    np.testing.assert_allclose(black[0, :, 0, 0], [-2.1179, -2.0357, -1.8044], rtol=1e-4)


def planted(folder: Path) -> SalientObject:
    """A detector whose network finds pixels with full red salient."""
    pixels = op.parameter([1, 3, 320, 320], np.float32)
    pixels.output(0).tensor.set_names({"input.1"})
    red = op.gather(pixels, op.constant(np.array([0], np.int64)), op.constant(np.int64(1)))
    undone = op.add(
        op.multiply(red, op.constant(np.float32(0.229))), op.constant(np.float32(0.485))
    )
    results = [op.result(undone), op.result(op.constant(np.zeros((1, 1, 320, 320), np.float32)))]
    for result, name in zip(results, ("1959", "1960"), strict=True):
        result.output(0).tensor.set_names({name})
    (folder / "weights").mkdir()
    written = folder / "weights" / "u2netp.xml"
    openvino.save_model(openvino.Model(results, [pixels]), written, compress_to_fp16=False)
    written.rename(written.with_suffix(".onnx"))
    described = {
        "schema": 1,
        "name": "planted",
        "type": "detector",
        "model": "salient_object.handler",
        "labels": [{"id": 1, "name": "thing", "type": "mask"}],
    }
    (folder / "model.json").write_text(json.dumps(described))
    model = SalientObject()
    model.load(Assets.open(folder), Device())
    return model


@pytest.mark.parametrize("size", [(320, 320), (640, 160), (96, 1280), (1280, 1280), (32, 16)])
def test_the_mask_lies_where_the_object_is(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    left, top, right, bottom = width // 4, height // 8, width * 3 // 4, height
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right, 0] = 255
    (mask,) = planted(tmp_path).detect(Image.from_pixels(pixels), 0.5)
    assert mask.label == "thing"
    # Scaling to the network's 320 pixels and back moves an edge by less than one of its pixels.
    rows, columns = mask.bitmap.shape
    found = np.array((mask.left, mask.top, mask.left + columns, mask.top + rows))
    allowed = np.ceil(np.array([width, height] * 2) / 320)
    assert (np.abs(found - (left, top, right, bottom)) <= allowed).all()
    assert mask.bitmap.mean() > 0.95


def test_the_threshold_is_that_of_the_mean_saliency(tmp_path: Path) -> None:
    pixels = np.zeros((320, 320, 3), np.uint8)
    pixels[:160, :, 0] = 180
    pixels[200:210, :, 2] = 255
    model = planted(tmp_path)
    (mask,) = model.detect(Image.from_pixels(pixels), 0.5)
    assert mask.confidence == pytest.approx(180 / 255, abs=1e-3)
    assert model.detect(Image.from_pixels(pixels), 0.71) == []
