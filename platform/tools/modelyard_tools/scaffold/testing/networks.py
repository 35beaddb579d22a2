"""Made-up networks in ONNX files, used in place of trained ones."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

Shape = tuple[int | str, ...]


def write_onnx(
    path: Path,
    outputs: Mapping[str, Shape],
    image: Shape = (1, 3, 64, 64),
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a network whose outputs are constants of these shapes plus the mean of its input."""
    nodes = [helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0)]
    constants = []
    for name, shape in outputs.items():
        values = np.zeros([int(side) for side in shape], np.float32)
        constants.append(onnx.numpy_helper.from_array(values, f"{name}_constant"))
        nodes.append(helper.make_node("Add", [f"{name}_constant", "mean"], [name]))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(*item) for item in _infos(outputs)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))


def _infos(outputs: Mapping[str, Shape]) -> list[tuple[str, int, Shape]]:
    return [(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
