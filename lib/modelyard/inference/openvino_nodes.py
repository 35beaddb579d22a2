"""Nodes that OpenVINO does not know, or does not compile as they are."""

import re
from typing import Any, Final

import numpy as np
import openvino
from openvino import opset9, opset13

EFFICIENT_NMS: Final = "EfficientNMS_TRT"
_DOMAINS: Final = ("TRT", "")
_UNKNOWN: Final = re.compile(r"No conversion rule found for operations: (.+)")
_ADVICE: Final = (
    "; export it for ONNX Runtime, without NMS of another runtime (YOLOv5, v6 and v7: without "
    "--end2end or with --max-wh; MMDeploy: an onnxruntime configuration)"
)


def unknown_nodes(message: str) -> str | None:
    """Return the nodes that OpenVINO's message says it does not know, and what to do, else None."""
    found = _UNKNOWN.search(message)
    return (
        f"it contains {found[1].strip()}, which OpenVINO does not know{_ADVICE}" if found else None
    )


def translate_efficient_nms(core: openvino.Core) -> None:
    """Let a core read TensorRT's `EfficientNMS_TRT`.

    Its outputs become int32 [1, 1], float32 [1, N, 4] corners, float32 [1, N] and int32 [1, N];
    N is what was found, not padded to the most.
    """
    # Loads OpenVINO's reader of ONNX, which few networks need in Python.
    from openvino.frontend.onnx import ConversionExtension  # noqa: PLC0415

    for domain in _DOMAINS:
        where = (domain,) if domain else ()
        core.add_extension(ConversionExtension(EFFICIENT_NMS, *where, _translated))


def _translated(node: Any) -> list[openvino.Output]:
    """Return the node's outputs as OpenVINO's multi-class NMS computes them.

    Attributes as in TensorRT's plugin/efficientNMSPlugin: boxes [1, N, 4] and scores [1, N, C].
    """
    if node.get_attribute("class_agnostic", 0):
        raise ValueError(f"{EFFICIENT_NMS} with class_agnostic=1 is not supported")
    boxes, scores = node.get_input(0), node.get_input(1)
    if node.get_attribute("box_coding", 0):
        boxes = _corners(boxes)
    if node.get_attribute("score_activation", 0):
        scores = opset13.sigmoid(scores).output(0)
    kept = opset9.multiclass_nms(
        boxes,
        opset13.transpose(scores, _integers([0, 2, 1])),
        iou_threshold=node.get_attribute("iou_threshold", 0.5),
        score_threshold=node.get_attribute("score_threshold", 0.25),
        keep_top_k=node.get_attribute("max_output_boxes", 100),
        background_class=node.get_attribute("background_class", -1),
        sort_result_type="score",
    )
    # Class, score, left, top, right, bottom.
    rows = opset13.unsqueeze(kept.output(0), _integers(0))
    kinds, found, corners = (
        opset13.gather(rows, _integers(columns), _integers(2)) for columns in (0, 1, [2, 3, 4, 5])
    )
    number = opset13.unsqueeze(opset13.convert(kept.output(2), "i32"), _integers(1))
    outputs = (number, corners, found, opset13.convert(kinds, "i32"))
    return [output.output(0) for output in outputs]


def _corners(boxes: Any) -> openvino.Output:
    centres, sides = (
        opset13.gather(boxes, _integers(columns), _integers(2)) for columns in ([0, 1], [2, 3])
    )
    halves = opset13.multiply(sides, opset13.constant(np.float32(0.5)))
    near, far = opset13.subtract(centres, halves), opset13.add(centres, halves)
    return opset13.concat([near, far], 2).output(0)


def _integers(values: Any) -> Any:
    return opset13.constant(np.array(values, np.int64))


def keep_slices(network: openvino.Model) -> None:
    """Replace slices that feed `GatherElements` by gathers of the same columns, in place.

    OpenVINO 2026.4.1 merges several slices of one tensor when it compiles, and drops one: the
    end-to-end networks of YOLO26 with masks or joints then do not compile.
    """
    for node in network.get_ordered_ops():
        if node.get_type_name() != "GatherElements":
            continue
        piece = node.input_value(0).get_node()
        chosen = _columns(piece)
        if chosen is not None:
            gathered = opset13.gather(piece.input_value(0), _integers(chosen), _integers(-1))
            node.input(0).replace_source_output(gathered.output(0))


def _columns(piece: Any) -> Any:
    """Return the columns that a slice of the last axis takes, one by one; else None."""
    if piece.get_type_name() != "Slice":
        return None
    whole, part = piece.input_value(0).get_partial_shape(), piece.get_output_partial_shape(0)
    ends = [piece.input_value(number).get_node() for number in (1, 2)]
    if any(end.get_type_name() != "Constant" or end.data.size != 1 for end in ends):
        return None
    if whole.rank.is_dynamic or whole[-1].is_dynamic or part[-1].is_dynamic:
        return None
    if whole[-1] == part[-1] or whole.rank != part.rank:
        return None
    first, last = (int(end.data.ravel()[0]) for end in ends)
    columns = np.arange(whole[-1].get_length())[first:last]
    return columns if len(columns) == part[-1].get_length() else None
