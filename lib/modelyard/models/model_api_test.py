"""Networks that are configured by their file, with known outputs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from openvino import opset13 as op

from modelyard.annotation import Mask, Rectangle, Shape, Tag
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.heads import Planted, ssd_rows, yolov8
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.pictures import plain
from modelyard.models.heads import HeadDetector
from modelyard.serving.testing.assets import headed_assets

SIZE = (128, 96)
NAMES = ["cat", "big dog"]
SIZES = [(128, 96), (640, 480), (300, 300), (900, 100), (90, 700)]

# As fractions of the image: in the centre and across each border.
OBJECTS = [
    ((0.40, 0.42, 0.60, 0.62), 1, 0.95),
    ((-0.05, 0.31, 0.20, 0.55), 0, 0.90),
    ((0.80, 0.32, 1.07, 0.56), 0, 0.85),
    ((0.33, -0.04, 0.52, 0.20), 1, 0.80),
    ((0.34, 0.80, 0.53, 1.02), 1, 0.75),
]


def detector(
    folder: Path,
    outputs: Mapping[str, Any],
    configuration: Mapping[str, str],
    *,
    labels: Sequence[Any] = NAMES,
    inputs: tuple[int, ...] = (1, 3, SIZE[1], SIZE[0]),
    **options: Any,
) -> HeadDetector:
    network = folder / "weights" / "net.xml"
    plant(network, {"image": (inputs, np.float32)}, outputs, configuration)
    model = HeadDetector()
    model.load(headed_assets(folder, "model_api", labels, options), Device())
    return model


def lying(size: tuple[int, int], scaling: str) -> tuple[float, float, float, float]:
    """Where an image is in the network's input: left, top, width, height."""
    if scaling == "standard":
        return 0, 0, *SIZE
    scale = min(SIZE[0] / size[0], SIZE[1] / size[1])
    wide, high = size[0] * scale, size[1] * scale
    if scaling == "fit_to_window":
        return 0, 0, wide, high
    return (SIZE[0] - round(wide)) // 2, (SIZE[1] - round(high)) // 2, wide, high


def placed(size: tuple[int, int], scaling: str) -> list[Planted]:
    """OBJECTS in the network's input."""
    left, top, wide, high = lying(size, scaling)
    return [
        Planted((x0 * wide + left, y0 * high + top, x1 * wide + left, y1 * high + top), kind, score)
        for (x0, y0, x1, y1), kind, score in OBJECTS
    ]


def expected(size: tuple[int, int]) -> list[tuple[str, NDArray[Any], float]]:
    """OBJECTS in an image, in whole pixels, as Model API rounds."""
    return [
        (NAMES[kind], (np.array(box) * (*size, *size)).round().clip(0, (*size, *size)), score)
        for box, kind, score in OBJECTS
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scaling", ["standard", "fit_to_window", "fit_to_window_letterbox"])
@pytest.mark.parametrize(("kind", "encode"), [("ssd", ssd_rows), ("YOLOv8", yolov8)])
def test_objects_are_where_they_were_planted(
    tmp_path: Path, kind: str, encode: Any, scaling: str, size: tuple[int, int]
) -> None:
    outputs = encode(placed(size, scaling), SIZE, len(NAMES))
    configuration = {"model_type": kind, "labels": "cat big_dog", "resize_type": scaling}
    found = detector(tmp_path, outputs, configuration).detect(plain(size), 0.5)
    assert len(found) == len(OBJECTS)
    for shape, (name, box, score) in zip(found, expected(size), strict=True):
        assert isinstance(shape, Rectangle)
        assert shape.label == name
        assert shape.confidence == pytest.approx(score, abs=1e-3)
        # The size of one pixel of the network's input in the image.
        slack = 1 + max(size[0] / SIZE[0], size[1] / SIZE[1]) / 2
        np.testing.assert_allclose(shape.box, box, atol=slack if scaling != "standard" else 1)


SQUARES = {
    "boxes": np.array([[32, 24, 64, 48, 0.9], [96, 72, 128, 96, 0.8]], np.float32),
    "labels": np.array([1, 0]),
    "masks": np.stack((np.ones((28, 28)), np.tri(28) > 0)).astype(np.float32),
}
MASK_RCNN = {"model_type": "MaskRCNN", "labels": "otx_empty_lbl cat big_dog"}


@pytest.mark.parametrize("factor", [1, 2, 5])
def test_masks_of_objects_fill_their_boxes(tmp_path: Path, factor: int) -> None:
    size = (SIZE[0] * factor, SIZE[1] * factor)
    dog, cat = detector(tmp_path, SQUARES, MASK_RCNN).detect(plain(size), 0.5)
    assert isinstance(dog, Mask)
    assert isinstance(cat, Mask)
    assert (dog.label, dog.left, dog.top) == ("big dog", 32 * factor, 24 * factor)
    assert dog.bitmap.shape == (24 * factor, 32 * factor)
    assert dog.bitmap.all()
    assert (dog.polygon or ())[:2] == (32 * factor, 24 * factor)
    # Below the diagonal of its box, and up to the borders of the image.
    assert cat.label == "cat"
    assert cat.top + cat.bitmap.shape[0] == size[1]
    assert cat.bitmap[-1].sum() == pytest.approx(32 * factor, abs=factor)
    assert cat.bitmap.mean() == pytest.approx(0.5, abs=0.06)


def test_masks_over_the_whole_image_are_those_of_transformers(tmp_path: Path) -> None:
    masks = np.zeros((2, 24, 32), np.float32)
    masks[0, 6:12, 8:16], masks[1, 18:, 24:] = 1, 1
    configuration = {**MASK_RCNN, "model_type": "DETRInstSeg"}
    found = detector(tmp_path, {**SQUARES, "masks": masks}, configuration).detect(
        plain((128, 96)), 0.5
    )
    assert [
        (s.label, s.left, s.top, s.bitmap.shape, s.bitmap.mean() > 0.95)
        for s in found
        if isinstance(s, Mask)
    ] == [("big dog", 32, 24, (24, 32), True), ("cat", 96, 72, (24, 32), True)]


def test_masks_of_prototypes_are_cut_to_their_boxes(tmp_path: Path) -> None:
    """YOLO-seg: one prototype that is on everywhere, whose coefficient is 9."""
    items = [Planted((32, 24, 64, 48), 1, 0.9), Planted((96, 72, 128, 96), 0, 0.8)]
    boxes = yolov8(items, SIZE, len(NAMES))["output0"]
    coefficients = np.full((1, 1, boxes.shape[2]), 9, np.float32)
    outputs = {
        "output0": np.concatenate((boxes, coefficients), axis=1),
        "output1": np.ones((1, 1, 24, 32), np.float32),
    }
    configuration = {"model_type": "YOLO-seg", "labels": "cat big_dog"}
    found = detector(tmp_path, outputs, configuration).detect(plain((256, 192)), 0.5)
    assert [shape.label for shape in found] == ["big dog", "cat"]
    for shape, item in zip(found, items, strict=True):
        assert isinstance(shape, Mask)
        corner = (shape.left, shape.top)
        box = (*corner, corner[0] + shape.bitmap.shape[1], corner[1] + shape.bitmap.shape[0])
        # A cell of a prototype is eight pixels of that image; its edge is in the centre of one.
        np.testing.assert_allclose(box, 2 * np.array(item.box), atol=4)


def test_a_map_of_classes_becomes_the_parts_of_each(tmp_path: Path) -> None:
    scores = np.zeros((1, 3, *SIZE[::-1]), np.float32)
    scores[0, 0] = 1
    scores[0, 2, 24:48, 32:96], scores[0, 1, 80:, 120:] = 2, 2
    configuration = {"model_type": "Segmentation", "labels": "cat big_dog"}
    found = detector(tmp_path, {"map": scores}, configuration).detect(plain((256, 192)), 0.5)
    assert [(s.label, s.left, s.top, s.bitmap.shape) for s in found if isinstance(s, Mask)] == [
        ("big dog", 64, 48, (48, 128)),
        ("cat", 240, 160, (32, 16)),
    ]
    assert all(s.bitmap.all() for s in found if isinstance(s, Mask))


@pytest.mark.parametrize(
    ("more", "tags"),
    [
        ({"multilabel": "True"}, [("big dog", 0.953), ("cat", 0.881)]),
        ({"topk": "2"}, [("big dog", 0.721)]),
        ({"topk": "2", "confidence_threshold": "0.2"}, [("big dog", 0.721), ("cat", 0.265)]),
    ],
)
def test_an_image_is_tagged(
    tmp_path: Path, more: Mapping[str, str], tags: list[tuple[str, float]]
) -> None:
    scores = {"y": np.array([[-1.0, 2.0, 3.0]], np.float32)}
    configuration = {"model_type": "Classification", "labels": "bird cat big_dog", **more}
    model = detector(tmp_path, scores, configuration)
    found = model.detect(plain((40, 30)), model.default_threshold)
    assert [(tag.label, round(tag.confidence or 0, 3)) for tag in found] == tags
    assert all(isinstance(tag, Tag) for tag in found)


def test_the_thresholds_of_the_file_hold_until_others_are_given(tmp_path: Path) -> None:
    outputs = ssd_rows(placed(SIZE, "standard"), SIZE, 2)
    configuration = {"model_type": "ssd", "labels": "cat big_dog", "confidence_threshold": "0.88"}
    model = detector(tmp_path, outputs, configuration)
    assert model.default_threshold == pytest.approx(0.88)
    assert len(model.detect(plain(SIZE), model.default_threshold)) == 2
    assert len(model.detect(plain(SIZE), 0.78)) == 4
    assert len(model.detect(plain(SIZE), 0.93)) == 1


def test_nms_is_configured_by_the_file(tmp_path: Path) -> None:
    items = [Planted((20, 20, 60, 60), 0, 0.9), Planted((21, 20, 61, 60), 0, 0.8)]
    configuration = {"model_type": "YOLO11", "labels": "cat big_dog", "iou_threshold": "0.5"}
    outputs = yolov8(items, SIZE, 2)
    assert len(detector(tmp_path, outputs, configuration).detect(plain(SIZE), 0.5)) == 1
    looser = {**configuration, "iou_threshold": "0.99"}
    assert len(detector(tmp_path, outputs, looser).detect(plain(SIZE), 0.5)) == 2


def first_channel(pixels: Any) -> Any:
    """Logits [1, 2]: the first channel of the network's input, and 0."""
    mean = op.reduce_mean(pixels, op.constant(np.array([2, 3])), False)
    value = op.gather(mean, op.constant(np.array([0])), op.constant(1))
    return op.concat([value, op.constant(np.zeros((1, 1), np.float32))], 1)


@pytest.mark.parametrize(
    ("more", "options", "red"),
    [
        ({}, {}, False),
        ({"reverse_input_channels": "YES"}, {}, True),
        ({"otx_version": "2.4.0", "reverse_input_channels": "False"}, {}, True),
        ({"otx_version": "2.4.0", "reverse_input_channels": "True"}, {}, False),
        ({}, {"channels": "rgb"}, True),
        ({"reverse_input_channels": "YES"}, {"channels": "rgb"}, True),
        ({"reverse_input_channels": "YES"}, {"channels": "bgr"}, False),
    ],
)
def test_the_input_has_the_networks_colour_order(
    tmp_path: Path, more: Mapping[str, str], options: Mapping[str, str], red: bool
) -> None:
    configuration = {"model_type": "Classification", "labels": "cat big_dog", **more}
    scaled = {**configuration, "mean_values": "254 0 0", "scale_values": "0.5 1 1"}
    model = detector(tmp_path, {"y": first_channel}, scaled, inputs=(1, 3, 8, 8), **options)
    pixels = np.zeros((6, 5, 3), np.uint8)
    pixels[..., 0] = 255
    (seen,) = model.detect(Image.from_pixels(pixels), 0.5)
    # (255 - 254) / 0.5 against 0, or (0 - 254) / 0.5.
    assert seen.label == ("cat" if red else "big dog")
    assert seen.confidence == pytest.approx(1 / (1 + np.exp(-2.0)) if red else 1, abs=1e-4)


def test_labels_may_be_some_of_the_files_in_any_order(tmp_path: Path) -> None:
    outputs = ssd_rows(placed(SIZE, "standard"), SIZE, 2)
    configuration = {"model_type": "ssd", "labels": "cat big_dog"}
    found = detector(tmp_path, outputs, configuration, labels=["big dog"]).detect(plain(SIZE), 0.5)
    assert {shape.label for shape in found} == {"big dog"}
    both = [{"name": "big dog", "id": 1}, {"name": "cat", "id": 0}]
    found = detector(tmp_path, outputs, configuration, labels=both).detect(plain(SIZE), 0.5)
    assert [shape.label for shape in found] == [NAMES[kind] for _, kind, _ in OBJECTS]


@pytest.mark.parametrize(
    "labels", [["bird", "cat", "big dog"], [{"name": "cat", "id": 1}, {"name": "big dog", "id": 2}]]
)
def test_a_file_without_labels_has_those_of_the_function(tmp_path: Path, labels: Any) -> None:
    scores = {"y": np.array([[-1.0, 2.0, 3.0]], np.float32)}
    configuration = {"model_type": "Classification", "multilabel": "True"}
    found = detector(tmp_path, scores, configuration, labels=labels).detect(plain(SIZE), 0.5)
    assert [shape.label for shape in found] == ["big dog", "cat"]


def test_objects_of_a_file_without_labels_begin_with_the_first(tmp_path: Path) -> None:
    found = detector(tmp_path, SQUARES, {"model_type": "MaskRCNN"}).detect(plain(SIZE), 0.5)
    assert [shape.label for shape in found] == ["big dog", "cat"]


SCORES = {"y": np.array([[0.1, 2.0]], np.float32)}
TAGS = {"model_type": "Classification", "labels": "cat big_dog"}
WRONG: list[tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, Any], str]] = [
    (SCORES, {}, {}, "net.xml has no Model API configuration"),
    (SCORES, {"model_type": "keypoint_detection"}, {}, "type 'keypoint_detection'; accepted:"),
    (SCORES, {"model_type": "MaskRCNN"}, {}, "configuration of net.xml does not fit: MaskRCNN: Ex"),
    (SCORES, {"model_type": "ssd"}, {}, "does not fit: Unsupported model outputs"),
    (SCORES, {**TAGS, "topk": "few"}, {}, "does not fit: invalid literal for int"),
    (SCORES, {**TAGS, "resize_type": "odd"}, {}, "does not fit: 'odd'"),
    (SCORES, TAGS, {"labels": ["dog"]}, "label 'dog' is not in the file; accepted: cat, big_dog"),
    (SCORES, TAGS, {"labels": [{"name": "cat", "id": 1}]}, "'cat' has id 1, but in the file it is"),
    (SCORES, TAGS, {"resize": "stretch"}, "head_options is 'resize'; accepted: channels$"),
    (SCORES, TAGS, {"channels": "grey"}, r"head_options\[channels\] is 'grey'"),
    (
        ssd_rows([], SIZE, 2),
        {"model_type": "ssd", "resize_type": "crop"},
        {},
        "resize_type 'crop', which Model API's SSD cannot invert; accepted: standard, fit_to",
    ),
    (
        {"map": np.zeros((1, 3, 96, 128), np.float32)},
        {"model_type": "Segmentation", "resize_type": "fit_to_window"},
        {},
        "'fit_to_window', which .* accepted: standard$",
    ),
]


@pytest.mark.parametrize(("outputs", "configuration", "settings", "message"), WRONG)
def test_what_does_not_fit_is_refused_when_the_function_loads(
    tmp_path: Path,
    outputs: Mapping[str, Any],
    configuration: Mapping[str, str],
    settings: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(HeadError, match=message) as error:
        detector(tmp_path, outputs, configuration, **settings)
    assert str(error.value).startswith("planted: ")
    assert "\n" not in str(error.value)


def test_a_file_of_labels_on_this_machine_is_not_read(tmp_path: Path) -> None:
    """A file from elsewhere must not decide which local files are read."""
    (tmp_path / "names").write_text("secret\nother\n")
    configuration = {**TAGS, "multilabel": "True", "path_to_labels": str(tmp_path / "names")}
    found = detector(tmp_path, SCORES, configuration).detect(plain(SIZE), 0.6)
    assert [shape.label for shape in found] == ["big dog"]


def test_an_onnx_file_has_its_configuration_in_its_metadata(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, 8, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 2))],
        [numpy_helper.from_array(np.array([[0, 1], [0, 0], [1, 0]], np.float32), "weights")],
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    configured = {**TAGS, "multilabel": "True", "scale_values": "51 51 51"}
    helper.set_model_props(file, {f"model_info {key}": value for key, value in configured.items()})
    (tmp_path / "weights").mkdir()
    onnx.save(file, tmp_path / "weights" / "net.onnx")
    model = HeadDetector()
    model.load(headed_assets(tmp_path, "model_api", NAMES, {"channels": "rgb"}), Device())
    red = np.zeros((6, 5, 3), np.uint8)
    red[..., 0] = 255
    found: Sequence[Shape] = model.detect(Image.from_pixels(red), 0.6)
    assert [(shape.label, round(shape.confidence or 0, 3)) for shape in found] == [
        ("big dog", 0.993)
    ]
