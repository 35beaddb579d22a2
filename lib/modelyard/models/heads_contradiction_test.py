"""Heads and options that contradict what a file states of itself are refused when it loads."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from modelyard.inference.device import Device
from modelyard.inference.heads.errors import HeadError
from modelyard.models.heads import HeadDetector
from modelyard.serving.testing.assets import headed_assets

NAMES = ["ship", "plane"]


def detector(folder: Path, metadata: dict[str, str], head: str, **options: Any) -> HeadDetector:
    """Load a network with one output [1, 7, 8400] and these metadata."""
    path = folder / "weights" / "net.onnx"
    path.parent.mkdir()
    zeros = onnx.numpy_helper.from_array(np.zeros((1, 7, 8400), np.float32), "zeros")
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Add", ["zeros", "mean"], ["output0"]),
    ]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 640, 640))
    output = helper.make_tensor_value_info("output0", TensorProto.FLOAT, (1, 7, 8400))
    graph = helper.make_graph(nodes, "network", [image], [output], [zeros])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    labels = NAMES if options.get("task") == "obb" else [*NAMES, "tug"]
    model_of = HeadDetector()
    model_of.load(headed_assets(folder, head, labels, options), Device())
    return model_of


OBB = {"task": "obb", "names": "{0: 'ship', 1: 'plane'}", "imgsz": "[640, 640]"}


def test_what_the_file_states_is_accepted(tmp_path: Path) -> None:
    detector(tmp_path, OBB, "yolov8", task="obb")


@pytest.mark.parametrize(
    ("head", "options", "message"),
    [
        ("yolov8", {}, "net.onnx has task 'obb' in its metadata, but head_options[task] is 'detec"),
        (
            "yolov8",
            {"task": "obb", "box_unit": "fractions"},
            r"box_unit 'pixels' .* is 'fractions'",
        ),
        ("yolov5", {}, "net.onnx has task 'obb' in its metadata and needs head='yolov8', not 'yol"),
    ],
)
def test_a_contradiction_is_refused(
    tmp_path: Path, head: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(HeadError, match=message.replace("[", r"\[").replace("]", r"\]")):
        detector(tmp_path, OBB, head, **options)


def test_a_file_that_states_nothing_is_taken_as_configured(tmp_path: Path) -> None:
    detector(tmp_path, {}, "yolov8")
