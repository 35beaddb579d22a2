"""Functions without code, with networks whose outputs are known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from openvino import opset13 as op

from modelyard.annotation import Mask, Rectangle, Tag
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.inference.heads.catalogue import HEADS
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.heads import ENCODERS, Planted
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import plain
from modelyard.models.heads import HeadDetector
from modelyard.serving.testing.assets import headed_assets

SIZE = (128, 96)
NAMES = ["cat", "dog", "bird"]
SIZES = [(128, 96), (300, 300), (900, 100), (90, 700), (5, 4)]

# As fractions of the image: in the centre and across each border.
OBJECTS = [
    ((0.40, 0.42, 0.60, 0.62), 1, 0.95),
    ((-0.05, 0.31, 0.12, 0.50), 0, 0.90),
    ((0.88, 0.32, 1.07, 0.51), 0, 0.85),
    ((0.33, -0.04, 0.52, 0.11), 2, 0.80),
    ((0.34, 0.87, 0.53, 1.02), 2, 0.75),
]


def detector(
    folder: Path,
    head: str,
    outputs: Mapping[str, Any],
    *,
    labels: Sequence[Any] = NAMES,
    shape: tuple[int, ...] = (1, 3, 96, 128),
    dtype: Any = np.float32,
    **options: Any,
) -> HeadDetector:
    plant(folder / "weights" / "net.xml", {"images": (shape, dtype)}, outputs)
    model = HeadDetector()
    model.load(headed_assets(folder, head, labels, options), Device())
    return model


def placed(size: tuple[int, int], resize: str) -> list[Planted]:
    """OBJECTS in the network's input for an image of that size."""
    wide, high = SIZE
    if resize != "stretch":
        scale = min(SIZE[0] / size[0], SIZE[1] / size[1])
        wide, high = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    left, top = ((SIZE[0] - wide) // 2, (SIZE[1] - high) // 2) if resize == "letterbox" else (0, 0)
    return [
        Planted((x0 * wide + left, y0 * high + top, x1 * wide + left, y1 * high + top), kind, score)
        for (x0, y0, x1, y1), kind, score in OBJECTS
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", ENCODERS)
def test_objects_are_where_they_were_planted(
    tmp_path: Path, form: str, size: tuple[int, int]
) -> None:
    head, encode = ENCODERS[form]
    items = placed(size, HEADS[head].defaults.resize)
    found = detector(tmp_path, head, encode(items, SIZE, len(NAMES))).detect(plain(size), 0.5)
    assert len(found) == len(OBJECTS)
    for shape, (box, kind, score) in zip(found, OBJECTS, strict=True):
        assert isinstance(shape, Rectangle)
        assert shape.label == NAMES[kind]
        assert shape.confidence == pytest.approx(score, abs=1e-3)
        expected = np.clip(box, 0, 1) * (*size, *size)
        np.testing.assert_allclose(shape.box, expected, atol=max(size) * 1e-4)


@pytest.mark.parametrize(
    ("layout", "shape"), [("channels first", (1, 4, 12, 16)), ("channels last", (1, 12, 16, 4))]
)
def test_a_map_of_classes_becomes_the_parts_of_each(
    tmp_path: Path, layout: str, shape: tuple[int, ...]
) -> None:
    scores = np.zeros((1, 4, 12, 16), np.float32)
    scores[0, 0] = 1
    scores[0, 1, 3:6, 4:8] = 2
    scores[0, 3, 0:4, 10:16] = 3
    scores[0, 3, 9:12, 0:2] = 3
    # As large as the input, so that nothing is interpolated.
    scores = np.kron(scores, np.ones((8, 8), np.float32))
    if layout == "channels last":
        scores = np.ascontiguousarray(scores.transpose(0, 2, 3, 1))
    model = detector(tmp_path, "segmentation", {"map": scores}, background="first")
    found = model.detect(plain((320, 240)), 0.5)
    # 20 pixels a cell; the background class is not reported.
    assert [(s.label, s.left, s.top, s.bitmap.shape) for s in found if isinstance(s, Mask)] == [
        ("bird", 200, 0, (80, 120)),
        ("cat", 80, 60, (60, 80)),
        ("bird", 0, 180, (60, 40)),
    ]
    assert all(s.bitmap.all() for s in found if isinstance(s, Mask))


def test_a_map_of_numbers_is_taken_as_it_is(tmp_path: Path) -> None:
    numbers = np.zeros((1, 96, 128), np.int64)
    numbers[0, 24:48, 32:96] = 2
    model = detector(tmp_path, "segmentation", {"map": numbers})
    (first, second) = model.detect(plain((256, 192)), 0.5)
    assert isinstance(second, Mask)
    assert (first.label, second.label) == ("cat", "bird")
    assert (second.left, second.top, second.bitmap.shape) == (64, 48, (48, 128))


def test_the_threshold_applies_to_a_map_of_probabilities(tmp_path: Path) -> None:
    chance = np.zeros((1, 1, 96, 128), np.float32)
    chance[..., 24:72, 32:96] = 0.4
    model = detector(tmp_path, "segmentation", {"map": chance}, labels=["cat"], activation="none")
    assert model.detect(plain(SIZE), 0.5) == []
    (shape,) = model.detect(plain(SIZE), 0.3)
    assert isinstance(shape, Mask)
    assert (shape.left, shape.top, shape.bitmap.shape) == (32, 24, (48, 64))


@pytest.mark.parametrize(
    "scores",
    [[0.02, 0.28, 0.7], [-3.0, np.log(14) - 3, np.log(35) - 3]],
    ids=["probabilities", "logits"],
)
def test_an_image_is_tagged_with_its_classes(tmp_path: Path, scores: list[float]) -> None:
    model = detector(tmp_path, "classification", {"y": np.array([scores], np.float32)})
    found = model.detect(plain((40, 30)), 0.25)
    assert all(isinstance(shape, Tag) for shape in found)
    assert [(shape.label, round(shape.confidence or 0, 3)) for shape in found] == [
        ("bird", 0.7),
        ("dog", 0.28),
    ]


def redness(pixels: Any, axes: list[int], channel: int) -> Any:
    """float32 [1, 2]: one class's logit, 100 times the mean of a channel, and 0."""
    mean = op.reduce_mean(op.convert(pixels, "f32"), op.constant(np.array(axes)), False)
    value = op.gather(mean, op.constant(np.array([channel])), op.constant(1))
    return op.concat([value, op.constant(np.zeros((1, 1), np.float32))], 1)


@pytest.mark.parametrize(("channels", "position"), [("rgb", 0), ("bgr", 2)])
@pytest.mark.parametrize(
    ("shape", "axes", "dtype"),
    [((1, 3, 8, 8), [2, 3], np.float32), ((1, 8, 8, 3), [1, 2], np.uint8)],
)
def test_the_options_determine_the_networks_input(  # noqa: PLR0917 - a table of cases
    tmp_path: Path, channels: str, position: int, shape: Any, axes: list[int], dtype: Any
) -> None:
    model = detector(
        tmp_path,
        "classification",
        {"y": lambda pixels: redness(pixels, axes, position)},
        labels=["red", "other"],
        shape=shape,
        dtype=dtype,
        channels=channels,
        mean=[254, 0, 0] if channels == "rgb" else [0, 0, 254],
        scale=[0.5, 1, 1] if channels == "rgb" else [1, 1, 0.5],
        activation="sigmoid",
    )
    red = np.zeros((6, 5, 3), np.uint8)
    red[..., 0] = 255
    (seen, _) = model.detect(Image.from_pixels(red), 0.0)
    assert seen.label == "red"
    # uint8 is passed as it is, floats as (255 - 254) / 0.5.
    expected = 1.0 if dtype == np.uint8 else 1 / (1 + np.exp(-2.0))
    assert seen.confidence == pytest.approx(expected, abs=1e-4)


def test_ids_of_labels_are_numbers_of_classes(tmp_path: Path) -> None:
    items = placed((300, 300), "stretch")
    labels = [{"name": "third", "id": 3}, {"name": "first", "id": 1}]
    outputs = ENCODERS["ssd"][1](items, SIZE, 3)
    found = detector(tmp_path, "ssd", outputs, labels=labels, first_id=1).detect(
        plain((300, 300)), 0.5
    )
    assert [shape.label for shape in found] == ["first", "first", "third", "third"]


OUTPUTS = {form: encode(placed(SIZE, "stretch"), SIZE, 3) for form, (_, encode) in ENCODERS.items()}

WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "yolov8",
        "yolox",
        {},
        r"planted: output output0 \(1, 7, 252\) cannot be read by head='yolox' at this input size; "
        "yolov8",
    ),
    ("yolov5", "yolox", {}, "cannot be read by head='yolox' at this input size; .*yolov5"),
    ("yolov8", "yolov5", {}, "cannot be read by head='yolov5' at this input size; yolov8"),
    ("yolov5", "yolov8", {}, "cannot be read by head='yolov8' at this input size; yolov5"),
    ("retinanet", "ssd", {}, "cannot be read by head='ssd' at this input size; .*retinanet"),
    ("detr", "ssd", {}, "cannot be read by head='ssd' at this input size; detr"),
    ("ssd", "segmentation", {}, "outputs boxes .* cannot be read by head='segmentation' .*; ssd"),
    ("yolov8", "yolov9", {}, "unknown head 'yolov9'; accepted: yolov8, yolov5"),
    ("yolov8", "yolov8", {"labels": ["a"]}, "has 3 classes, but the function has 1 labels"),
    ("ssd", "ssd", {"labels": ["a", "b"]}, r'set head_options=\{"background": "first"\}'),
    (
        "ssd",
        "ssd",
        {"labels": [{"name": "a", "id": 3}]},
        "the label 'a' has id 3, but the network's 3 classes are 0 to 2",
    ),
    ("ssd", "ssd", {"labels": [{"name": "a", "id": 3}, "b"]}, "some labels have an id"),
    ("ssd", "ssd", {"colour": "rgb"}, "head_options is 'colour'; accepted: input_size"),
    (
        "ssd",
        "ssd",
        {"nms_threshold": 2},
        r"head_options\[nms_threshold\] is 2; accepted: a number from 0 to 1",
    ),
    (
        "ssd",
        "ssd",
        {"scale": [1, 0, 1]},
        r"head_options\[scale\] is .*; accepted: three numbers other than 0",
    ),
    ("ssd", "ssd", {"input_size": [64, 64]}, "input_size is 64x64, but .* images is 128x96"),
    ("ssd", "ssd", {"shape": (1, 3, -1, -1)}, r'state .*head_options=\{"input_size"'),
    ("ssd", "ssd", {"shape": (1, 4, 96, 128)}, "images is .*an image needs"),
]


@pytest.mark.parametrize(("form", "head", "settings", "message"), WRONG)
def test_what_does_not_fit_is_refused_when_the_function_loads(
    tmp_path: Path, form: str, head: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(HeadError, match=message) as error:
        detector(tmp_path, head, OUTPUTS[form], **settings)
    assert "\n" not in str(error.value)


def test_two_inputs_are_one_too_many(tmp_path: Path) -> None:
    inputs = dict.fromkeys(("left", "right"), ((1, 3, 96, 128), np.float32))
    outputs = {"y": lambda left, right: op.reduce_mean(op.add(left, right), op.constant([2, 3]))}
    plant(tmp_path / "weights" / "net.xml", inputs, outputs)
    with pytest.raises(HeadError, match=r"feeds one image, but the network has left .*, right"):
        HeadDetector().load(headed_assets(tmp_path, "classification", NAMES, {}), Device())


@pytest.mark.parametrize("names", [[], ["LICENSE"], ["a.onnx", "b.onnx"]])
def test_the_weights_hold_one_model(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "weights").mkdir()
    for name in names:
        (tmp_path / "weights" / name).write_bytes(b"")
    held = ", ".join(names) or "no file"
    with pytest.raises(HeadError, match=f"must include one file of .xml, .onnx.* not {held}"):
        HeadDetector().load(headed_assets(tmp_path, "yolov8", NAMES, {}), Device())


def test_an_onnx_file_with_open_sides_is_given_its_size(tmp_path: Path) -> None:
    """As Ultralytics exports with `dynamic=True`: batch, height and width are names."""
    answer = ENCODERS["yolov8"][1](placed((128, 96), "letterbox"), SIZE, 3)["output0"]
    pixels = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "h", "w"])
    found = helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["n", 7, "anchors"])
    nodes = [
        # Detections must depend on the image, or it would not be an input.
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Squeeze", ["mean", "last"], ["flat"]),
        helper.make_node("Mul", ["flat", "zero"], ["nothing"]),
        helper.make_node("Add", ["answer", "nothing"], ["output0"]),
    ]
    weights = [
        numpy_helper.from_array(answer, "answer"),
        numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        numpy_helper.from_array(np.array([3]), "last"),
    ]
    graph = helper.make_graph(nodes, "net", [pixels], [found], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    (tmp_path / "weights").mkdir()
    onnx.save(model, tmp_path / "weights" / "best.onnx")
    function = HeadDetector()
    function.load(headed_assets(tmp_path, "yolov8", NAMES, {"input_size": list(SIZE)}), Device())
    shapes = function.detect(plain(SIZE), 0.5)
    assert [shape.label for shape in shapes] == [NAMES[kind] for _, kind, _ in OBJECTS]
