"""Frozen TensorFlow graphs with fixed outputs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard_tools.weights.conversion.graphdef import DATA_TYPES, GraphDef

_TYPES = {"float32": DATA_TYPES["DT_FLOAT"], "int32": DATA_TYPES["DT_INT32"]}


def frozen_graph(
    name: str, dtype: str, shape: Sequence[int], outputs: Mapping[str, NDArray[np.float32]]
) -> bytes:
    """Return a graph with those arrays as `outputs`, whatever its input.

    Args:
        name: The input's name.
        dtype: TensorFlow's name for the input's type, such as "DT_UINT8".
        shape: The input's shape; -1 is dynamic.
        outputs: By operation name.
    """
    graph = GraphDef()
    pixels = graph.node.add(name=name, op="Placeholder")
    pixels.attr["dtype"].type = DATA_TYPES[dtype]
    for size in shape:
        pixels.attr["shape"].shape.dim.add(size=size)
    numbers = name
    if dtype != "DT_FLOAT":
        numbers = "cast"
        cast = graph.node.add(name=numbers, op="Cast", input=[name])
        cast.attr["SrcT"].type, cast.attr["DstT"].type = DATA_TYPES[dtype], DATA_TYPES["DT_FLOAT"]
    _constant(graph, "axes", np.arange(len(shape), dtype=np.int32))
    mean = graph.node.add(name="mean", op="Mean", input=[numbers, "axes"])
    mean.attr["T"].type, mean.attr["Tidx"].type = DATA_TYPES["DT_FLOAT"], DATA_TYPES["DT_INT32"]
    _constant(graph, "nothing", np.zeros((), np.float32))
    _float_operation(graph, "zero", "Mul", "mean", "nothing")
    for output, values in outputs.items():
        _constant(graph, f"{output}/values", values)
        _float_operation(graph, output, "AddV2", f"{output}/values", "zero")
    return bytes(graph.SerializeToString())


def _constant(graph: Any, name: str, values: NDArray[Any]) -> None:
    node = graph.node.add(name=name, op="Const")
    kind = _TYPES[str(values.dtype)]
    node.attr["dtype"].type = kind
    tensor = node.attr["value"].tensor
    tensor.dtype = kind
    tensor.tensor_content = values.tobytes()
    for size in values.shape:
        tensor.tensor_shape.dim.add(size=size)


def _float_operation(graph: Any, name: str, operation: str, *inputs: str) -> None:
    node = graph.node.add(name=name, op=operation, input=inputs)
    node.attr["T"].type = DATA_TYPES["DT_FLOAT"]
