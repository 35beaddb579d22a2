"""A TensorFlow.js graph model (model.json and its shards) as a frozen TensorFlow GraphDef.

The format is the one the `tensorflowjs` converter writes for graph models: `modelTopology` is a
GraphDef in protobuf's JSON form whose Const nodes lack their values, and `weightsManifest` states
where in the shards each value is. Two more differences from what a TensorFlow frontend reads are
undone here: nodes that the converter fused (`_FusedConv2D` and the like), and byte strings that old
converters wrote as lists of character codes.
"""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from google.protobuf import json_format

from modelyard_tools.weights.conversion.graphdef import DATA_TYPES, GraphDef
from modelyard_tools.weights.conversion.tfjs_weights import Group, Weights, read_weights
from modelyard_tools.weights.errors import WeightsError

_DATA_TYPE_OF: Final = {
    "bool": DATA_TYPES["DT_BOOL"],
    "float32": DATA_TYPES["DT_FLOAT"],
    "int32": DATA_TYPES["DT_INT32"],
}
_BASE_OF_FUSED: Final = {
    "_FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
}
_ACTIVATIONS: Final = frozenset({"Elu", "Relu", "Relu6", "Sigmoid"})
_BASE_ATTRIBUTES: Final = (
    "data_format",
    "dilations",
    "explicit_paddings",
    "padding",
    "strides",
    "transpose_a",
    "transpose_b",
)


class _Topology(msgspec.Struct, frozen=True):
    node: tuple[dict[str, Any], ...]


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    model_topology: _Topology
    weights_manifest: tuple[Group, ...]


def graph_from_tfjs(model: Path) -> bytes:
    """Return the serialised GraphDef of the graph model whose model.json is `model`.

    The shards are read from the same folder. The same files give the same bytes.

    Raises:
        WeightsError: a file is missing or damaged, or contains something unsupported: a layers
            model, string or complex weights, fused activations other than elu, relu, relu6 and
            sigmoid.
    """
    document = _read(model)
    weights = read_weights(document.weights_manifest, model.parent)
    graph = GraphDef()
    for node in _parse(document.model_topology.node, model.name):
        if node.op == "Const":
            _fill_constant(node, weights)
        graph.node.extend(_unfuse(node) if node.op in _BASE_OF_FUSED else [node])
    # Maps would otherwise be written in insertion order.
    return bytes(graph.SerializeToString(deterministic=True))


def _read(model: Path) -> _Document:
    try:
        return msgspec.json.decode(model.read_bytes(), type=_Document)
    except OSError as error:
        raise WeightsError(f"cannot read {model}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise WeightsError(f"{model} is not a supported TFJS graph model: {error}") from error


def _parse(nodes: Sequence[dict[str, Any]], source: str) -> Iterator[Any]:
    graph = GraphDef()
    try:
        document = {"node": [_with_base64_strings(node) for node in nodes]}
        # Newer converters add fields (debug information) that inference does not use.
        json_format.ParseDict(document, graph, ignore_unknown_fields=True)
    except (json_format.ParseError, AttributeError, TypeError, ValueError) as error:
        raise WeightsError(f"{source}: the graph cannot be read: {error}") from error
    yield from graph.node


def _with_base64_strings(node: dict[str, Any]) -> dict[str, Any]:
    attributes = node.get("attr", {})
    return {**node, "attr": {key: _with_base64(value) for key, value in attributes.items()}}


def _with_base64(attribute: dict[str, Any]) -> dict[str, Any]:
    if "s" in attribute:
        return {"s": _base64(attribute["s"])}
    values = attribute.get("list", {})
    if "s" in values:
        return {"list": {**values, "s": [_base64(text) for text in values["s"]]}}
    return attribute


def _base64(text: str | list[int]) -> str:
    return text if isinstance(text, str) else base64.b64encode(bytes(text)).decode()


def _fill_constant(node: Any, weights: Weights) -> None:
    if node.name not in weights:
        raise WeightsError(f"the manifest lacks a value for the constant {node.name}")
    value = weights[node.name]
    data_type = _DATA_TYPE_OF[value.dtype.name]
    node.attr["dtype"].type = data_type
    tensor = node.attr["value"].tensor
    tensor.Clear()
    tensor.dtype = data_type
    tensor.tensor_shape.SetInParent()
    for size in value.shape:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = value.tobytes()


def _unfuse(node: Any) -> Iterator[Any]:
    """Yield one node for each step of a fused node; the last one keeps its name.

    The inputs of a fused node are the two of its base operation, then those of the further steps.
    """
    steps = [step.decode() for step in node.attr["fused_ops"].list.s]
    names = [f"{node.name}/{index}" for index in range(len(steps))] + [node.name]
    added = iter(node.input[2:])
    base = _float_node(_BASE_OF_FUSED[node.op], names[0], node.input[:2])
    for key in _BASE_ATTRIBUTES:
        _copy_attribute(node, base, key)
    yield base
    for step, name, previous in zip(steps, names[1:], names[:-1], strict=True):
        if step == "BiasAdd":
            bias = _float_node(step, name, [previous, next(added)])
            _copy_attribute(node, bias, "data_format")
            yield bias
        elif step in _ACTIVATIONS:
            yield _float_node(step, name, [previous])
        else:
            raise WeightsError(f"node {node.name} ({node.op}) fuses {step}, which is not supported")


def _float_node(operation: str, name: str, inputs: Sequence[str]) -> Any:
    node = GraphDef().node.add(op=operation, name=name, input=inputs)
    node.attr["T"].type = DATA_TYPES["DT_FLOAT"]
    return node


def _copy_attribute(source: Any, target: Any, key: str) -> None:
    # Checked first: reading a missing key of a message map creates it.
    if key in source.attr:
        target.attr[key].CopyFrom(source.attr[key])
