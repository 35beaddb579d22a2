"""Made-up networks in ONNX files, used in place of trained ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import TensorProto, helper

Shape = tuple[int | str, ...]


def write_onnx(
    path: Path,
    outputs: Mapping[str, Shape | NDArray[Any]],
    image: Shape = (1, 3, 64, 64),
    metadata: Mapping[str, str] | None = None,
    *,
    name: str = "images",
    dtype: DTypeLike = np.float32,
    more: Mapping[str, tuple[Shape, DTypeLike]] | None = None,
    producer: str = "pytorch",
) -> None:
    """Write a network whose outputs are constant: arrays, or zeros of a shape.

    Each depends on the image formally, by the mean of it times 0, as no runtime keeps an input
    that nothing uses.

    Args:
        path: Where to write it.
        outputs: By name.
        image: Shape of its image; texts are dimensions that the file leaves open.
        metadata: Texts by name.
        name: Of the image input.
        dtype: Of the image.
        more: Other inputs: shape and dtype by name.
        producer: The program that seems to have written it.
    """
    inputs = {name: (image, dtype), **(more or {})}
    nodes, constants = [], []
    for index, port in enumerate(inputs):
        casted = f"cast_{index}"
        nodes.append(helper.make_node("Cast", [port], [casted], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("ReduceMean", [casted], [f"mean_{index}"], keepdims=0))
    constants.append(onnx.numpy_helper.from_array(np.zeros((), np.float32), "zero"))
    means = [f"mean_{index}" for index in range(len(inputs))]
    nodes.append(helper.make_node("Sum", means, ["sum"]))
    nodes.append(helper.make_node("Mul", ["sum", "zero"], ["nothing"]))
    infos = []
    for port, output in outputs.items():
        values = output if isinstance(output, np.ndarray) else _zeros(output)
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        constants.append(onnx.numpy_helper.from_array(values, f"{port}_constant"))
        nodes.append(helper.make_node("Cast", ["nothing"], [f"{port}_nothing"], to=kind))
        nodes.append(helper.make_node("Add", [f"{port}_constant", f"{port}_nothing"], [port]))
        infos.append(helper.make_tensor_value_info(port, kind, values.shape))
    graph = helper.make_graph(
        nodes,
        "network",
        [
            helper.make_tensor_value_info(
                port, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape
            )
            for port, (shape, kind) in inputs.items()
        ],
        infos,
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    model.producer_name = producer
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))


def write_unknown_node(path: Path) -> None:
    """Write a network with a node that only another runtime knows."""
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, 64, 64))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, (1, 3))
    node = helper.make_node("Strange", ["images"], ["output"], domain="TRT")
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("TRT", 1)]
    graph = helper.make_graph([node], "network", [image], [output])
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(path))


def _zeros(shape: Shape) -> NDArray[np.float32]:
    return np.zeros([int(side) for side in shape], np.float32)
