"""Nodes of other runtimes in ONNX files: what TensorRT documents, by hand."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from modelyard.inference.device import Device
from modelyard.inference.openvino import OpenVINOSession
from modelyard.inference.openvino_network import OpenVINOError

# Left, top, right, bottom. The second overlaps the first by 90 x 100 of 110 x 100 pixels, IoU 0.82;
# the third is apart.
BOXES = [(0, 0, 100, 100), (10, 0, 110, 100), (200, 50, 260, 90)]
# Of two classes: the second box is of the first one's class, then of another; all above 0.25 but
# the last.
SCORES = [(0.9, 0.0), (0.8, 0.6), (0.0, 0.2)]


def planted(path: Path, domain: str, operator: str = "EfficientNMS_TRT", **more: Any) -> Path:
    """Write boxes and scores with TensorRT's node, as YOLOv7's export with --end2end does."""
    attributes = {
        "background_class": -1,
        "box_coding": 0,
        "iou_threshold": 0.45,
        "max_output_boxes": 100,
        "plugin_version": "1",
        "score_activation": 0,
        "score_threshold": 0.25,
        **more,
    }
    boxes = np.array(BOXES, np.float32)
    if attributes["box_coding"]:
        boxes = np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), 1)
    scores = np.array(SCORES, np.float32)
    if attributes["score_activation"]:
        scores = np.log(scores.clip(1e-6) / (1 - scores))
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["boxes", "nothing"], ["all_boxes"]),
        helper.make_node("Add", ["scores", "nothing"], ["all_scores"]),
        helper.make_node(
            operator, ["all_boxes", "all_scores"], list(OUTPUTS), domain=domain, **attributes
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 32, 32))],
        [helper.make_tensor_value_info(name, *info) for name, info in OUTPUTS.items()],
        [
            numpy_helper.from_array(boxes[None], "boxes"),
            numpy_helper.from_array(scores[None], "scores"),
            numpy_helper.from_array(np.zeros((), np.float32), "zero"),
        ],
    )
    opsets = [helper.make_opsetid("", 13), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))
    return path


OUTPUTS: dict[str, Any] = {
    "num_dets": (TensorProto.INT32, (1, 1)),
    "det_boxes": (TensorProto.FLOAT, (1, 100, 4)),
    "det_scores": (TensorProto.FLOAT, (1, 100)),
    "det_classes": (TensorProto.INT32, (1, 100)),
}


@pytest.mark.parametrize("domain", ["TRT", ""])
@pytest.mark.parametrize("more", [{}, {"box_coding": 1}, {"score_activation": 1}])
def test_tensorrts_nms_keeps_the_best_of_each_class(
    tmp_path: Path, domain: str, more: dict[str, Any]
) -> None:
    session = OpenVINOSession(planted(tmp_path / "net.onnx", domain, **more), device=Device())
    found = session.infer({"images": np.zeros((1, 3, 32, 32), np.float32)})
    assert found["num_dets"].tolist() == [[2]]
    np.testing.assert_allclose(found["det_scores"], [[0.9, 0.6]], atol=1e-5)
    assert found["det_classes"].tolist() == [[0, 1]]
    np.testing.assert_allclose(found["det_boxes"], [[BOXES[0], BOXES[1]]], atol=1e-3)


def test_the_limit_keeps_the_best(tmp_path: Path) -> None:
    file = planted(tmp_path / "net.onnx", "TRT", max_output_boxes=1)
    found = OpenVINOSession(file, device=Device()).infer(
        {"images": np.zeros((1, 3, 32, 32), np.float32)}
    )
    np.testing.assert_allclose(found["det_scores"], [[0.9]], atol=1e-5)


def test_another_node_is_refused_by_name(tmp_path: Path) -> None:
    file = planted(tmp_path / "net.onnx", "mmdeploy", "TRTBatchedNMS")
    with pytest.raises(OpenVINOError) as error:
        OpenVINOSession(file, device=Device())
    assert "contains mmdeploy.TRTBatchedNMS, which OpenVINO does not know" in str(error.value)
    assert "\n" not in str(error.value)


def test_slices_that_feed_gathers_are_kept(tmp_path: Path) -> None:
    # As YOLO26 selects its best rows: of three slices of one tensor, the same rows of each.
    ends = (0, 4, 7, 12)
    values = np.arange(50 * 12, dtype=np.float32).reshape(1, 50, 12)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["values", "nothing"], ["rows"]),
    ]
    constants = {"values": values, "zero": np.zeros((), np.float32), "axis": np.array([-1])}
    infos = []
    for number, (start, stop) in enumerate(pairwise(ends)):
        constants |= {f"start{number}": np.array([start]), f"stop{number}": np.array([stop])}
        chosen = np.array([40, 2, 7]).reshape(1, 3, 1).repeat(stop - start, 2)
        constants[f"chosen{number}"] = chosen
        ports = ["rows", f"start{number}", f"stop{number}", "axis"]
        nodes.append(helper.make_node("Slice", ports, [f"part{number}"]))
        ports = [f"part{number}", f"chosen{number}"]
        nodes.append(helper.make_node("GatherElements", ports, [f"out{number}"], axis=1))
        infos.append(helper.make_tensor_value_info(f"out{number}", TensorProto.FLOAT, chosen.shape))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 32, 32))],
        infos,
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "net.onnx"))
    session = OpenVINOSession(tmp_path / "net.onnx", device=Device())
    found = session.infer({"images": np.zeros((1, 3, 32, 32), np.float32)})
    np.testing.assert_array_equal(found["out0"], values[:, [40, 2, 7], :4])
    np.testing.assert_array_equal(found["out1"], values[:, [40, 2, 7], 4:7])
    np.testing.assert_array_equal(found["out2"], values[:, [40, 2, 7], 7:])
