"""Graph models of TensorFlow.js, and their weights."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from numpy.typing import NDArray

from modelyard_tools.weights.conversion.graphdef import GraphDef
from modelyard_tools.weights.conversion.testing.tfjs import (
    FLOAT,
    IMAGE,
    INT32,
    base64_text,
    codes,
    constant,
    image_nodes,
    node,
    weight,
    write,
)
from modelyard_tools.weights.conversion.tfjs import graph_from_tfjs
from modelyard_tools.weights.errors import WeightsError


def run(model: Path, image: NDArray[Any] = IMAGE) -> NDArray[Any]:
    """Run the converted model in OpenVINO."""
    frozen = model.with_suffix(".pb")
    frozen.write_bytes(graph_from_tfjs(model))
    network = openvino.Core().read_model(frozen)
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    return np.array(openvino.compile_model(network, "CPU", exact)(image)[0])


def nodes_of(model: Path) -> list[Any]:
    graph = GraphDef()
    graph.ParseFromString(graph_from_tfjs(model))
    return list(graph.node)


def convolve(pixels: NDArray[Any], kernel: NDArray[Any], bias: NDArray[Any]) -> NDArray[np.float64]:
    """A 'VALID' convolution of NHWC pixels with an HWIO kernel, stride 1, computed directly."""
    height, width = kernel.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(
        pixels.astype(np.float64), (height, width), axis=(1, 2)
    )
    product: NDArray[np.float64] = np.einsum(
        "nyxchw,hwco->nyxo", windows, kernel.astype(np.float64)
    )
    return np.asarray(product + bias)


@pytest.mark.parametrize("text", [codes, base64_text])
def test_a_fused_convolution_with_float16_weights(tmp_path: Path, text: Any) -> None:
    random = np.random.default_rng(5)
    kernel = random.normal(0, 0.01, (3, 2, 3, 4)).astype(np.float16)
    bias = np.array([2, 3, 4, 3], np.float32)
    nodes = [
        *image_nodes(),
        constant("kernel"),
        constant("bias"),
        node(
            "result",
            "_FusedConv2D",
            *("pixels", "kernel", "bias"),
            T=FLOAT,
            strides={"list": {"i": ["1", "1", "1", "1"]}},
            padding={"s": text("VALID")},
            data_format={"s": text("NHWC")},
            fused_ops={"list": {"s": [text("BiasAdd"), text("Relu6")]}},
            num_args={"i": "1"},
        ),
    ]
    weights = [
        weight("kernel", kernel, quantization={"dtype": "float16", "original_dtype": "float32"}),
        weight("bias", bias),
    ]
    result = run(write(tmp_path, nodes, weights, shard_bytes=100))
    expected = np.clip(convolve(IMAGE, kernel, bias), 0, 6)
    assert {0, 6} <= set(expected.ravel().tolist()), "both ends of relu6 must occur"
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_a_fused_matrix_product_keeps_its_transpositions(tmp_path: Path) -> None:
    left = np.arange(6, dtype=np.float32).reshape(3, 2)
    right = np.arange(12, dtype=np.float32).reshape(4, 3) - 5
    bias = np.array([1, -2, 3, 0], np.float32)
    nodes = [
        *image_nodes(),
        constant("left"),
        constant("right"),
        constant("bias"),
        node(
            "product",
            "_FusedMatMul",
            *("left", "right", "bias"),
            T=FLOAT,
            transpose_a={"b": True},
            transpose_b={"b": True},
            fused_ops={"list": {"s": [base64_text("BiasAdd"), base64_text("Relu")]}},
        ),
        constant("axes", INT32),
        node("mean", "Mean", "pixels", "axes", T=FLOAT, Tidx=INT32, keep_dims={"b": False}),
        node("zero", "Sub", "mean", "mean", T=FLOAT),
        node("result", "Add", "product", "zero", T=FLOAT),
    ]
    weights = [
        weight("left", left),
        weight("right", right),
        weight("bias", bias),
        weight("axes", np.array([0, 1, 2, 3], np.int32), "int32"),
    ]
    expected = np.maximum(left.T @ right.T + bias, 0)
    np.testing.assert_allclose(run(write(tmp_path, nodes, weights)), expected)


def test_a_fused_depthwise_convolution_is_split_in_order(tmp_path: Path) -> None:
    nodes = [
        constant("kernel"),
        node(
            "result",
            "FusedDepthwiseConv2dNative",
            *("pixels", "kernel"),
            strides={"list": {"i": ["1", "2", "2", "1"]}},
            fused_ops={"list": {"s": [codes("Relu6")]}},
        ),
    ]
    weights = [weight("kernel", np.ones((1, 1, 3, 1), np.float32))]
    _, convolution, activation = nodes_of(write(tmp_path, nodes, weights))
    assert (convolution.op, list(convolution.input)) == (
        "DepthwiseConv2dNative",
        ["pixels", "kernel"],
    )
    assert list(convolution.attr["strides"].list.i) == [1, 2, 2, 1]
    assert (activation.op, activation.name) == ("Relu6", "result")
    assert list(activation.input) == [convolution.name]


def constants(model: Path) -> dict[str, NDArray[Any]]:
    dtypes = {1: "<f4", 3: "<i4", 10: "?"}
    values = {}
    for read in nodes_of(model):
        tensor = read.attr["value"].tensor
        assert read.attr["dtype"].type == tensor.dtype
        shape = [dim.size for dim in tensor.tensor_shape.dim]
        array = np.frombuffer(tensor.tensor_content, dtypes[tensor.dtype])
        values[read.name] = array.reshape(shape)
    return values


def test_values_of_every_type_and_quantisation(tmp_path: Path) -> None:
    byte = np.array([[0, 1], [30, 255]], np.uint8)
    short = np.array([0, 40_000], np.uint16)
    scaled = {"scale": 0.1, "min": -3.0}
    weights = [
        weight("f", np.array([1.5, -2.5], np.float32)),
        weight("i", np.array([[7], [-8]], np.int32), "int32"),
        weight("b", np.array([True, False, True]), "bool"),
        weight("scalar", np.array(2.5, np.float32)),
        weight("empty", np.zeros((0, 4), np.float32)),
        weight("half", np.array([0.1, 2], np.float16), quantization={"dtype": "float16"}),
        weight("byte", byte, quantization={"dtype": "uint8", **scaled}),
        weight("short", short, quantization={"dtype": "uint16", **scaled}),
        weight(
            "rounded",
            np.array([0, 5, 6], np.uint8),
            "int32",
            quantization={"dtype": "uint8", "scale": 0.3, "min": -1.2},
        ),
    ]
    nodes = [constant(entry["name"]) for entry, _ in weights]
    values = constants(write(tmp_path, nodes, weights, shard_bytes=7))
    assert values["f"].tolist() == [1.5, -2.5]
    assert values["i"].tolist() == [[7], [-8]]
    assert values["b"].tolist() == [True, False, True]
    assert values["scalar"].shape == ()
    assert values["scalar"] == 2.5
    assert values["empty"].shape == (0, 4)
    assert values["half"].tolist() == np.array([0.1, 2], np.float16).tolist()
    np.testing.assert_allclose(values["byte"], byte * 0.1 - 3, rtol=1e-6)
    np.testing.assert_allclose(values["short"], short * 0.1 - 3, rtol=1e-6)
    assert values["rounded"].tolist() == [-1, 0, 1]
    assert {name: array.dtype.str for name, array in values.items()} == {
        **dict.fromkeys(["f", "scalar", "empty", "half", "byte", "short"], "<f4"),
        **dict.fromkeys(["i", "rounded"], "<i4"),
        "b": "|b1",
    }


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    nodes = [constant("c"), node("n", "Relu", "c", **dict.fromkeys("TZAQ", FLOAT))]
    weights = [weight("c", np.ones(3, np.float32))]
    first = graph_from_tfjs(write(tmp_path, nodes, weights))
    backwards = [{**n, "attr": dict(reversed(n["attr"].items()))} for n in nodes]
    assert graph_from_tfjs(write(tmp_path, backwards, weights)) == first


def test_names_and_unknown_json_fields_pass_through(tmp_path: Path) -> None:
    nodes = [{**node("a/b", "Identity", "x:1", "^y"), "experimentalDebugInfo": {}}]
    (read,) = nodes_of(write(tmp_path, nodes, []))
    assert (read.name, read.op, list(read.input)) == ("a/b", "Identity", ["x:1", "^y"])


ONE = np.ones(2, np.float32)


@pytest.mark.parametrize(
    ("nodes", "weights", "reason"),
    [
        ([constant("a")], [], "lacks a value for the constant a"),
        ([constant("a")], [weight("a", ONE, "string")], "'string' .*weights.0..dtype"),
        (
            [constant("a")],
            [weight("a", ONE, quantization={"dtype": "int4"})],
            "'int4' .*quantization.dtype",
        ),
        (
            [node("f", "_FusedConv2D", "x", "k", "p", fused_ops={"list": {"s": [codes("Prelu")]}})],
            [],
            r"f \(_FusedConv2D\) fuses Prelu, which is not supported",
        ),
        ([{"name": "a", "op": 3}], [], "model.json: the graph cannot be read"),
        ([node("a", "Op", x={"s": "not base64!"})], [], "model.json: the graph cannot be read"),
        ([node("a", "Op", x={"s": [1000]})], [], "model.json: the graph cannot be read"),
        ([node("a", "Op", x=1)], [], "model.json: the graph cannot be read"),
        (["a"], [], "not a supported TFJS graph model"),
    ],
)
def test_what_is_not_supported_is_named(
    tmp_path: Path, nodes: list[Any], weights: list[Any], reason: str
) -> None:
    with pytest.raises(WeightsError, match=reason):
        graph_from_tfjs(write(tmp_path, nodes, weights))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "not a supported TFJS graph model"),
        ("[]", "not a supported TFJS graph model"),
        (
            '{"modelTopology": {"model_config": {}}, "weightsManifest": []}',
            "not a supported TFJS graph model",
        ),
        ('{"modelTopology": {"node": []}}', "not a supported TFJS graph model"),
        (
            '{"modelTopology": {"node": []}, "weightsManifest": [{"paths": ["x"], "weights": []}]}',
            "cannot read the shard .*x: No such file",
        ),
        (
            '{"modelTopology": {"node": []},'
            ' "weightsManifest": [{"paths": ["../x"], "weights": []}]}',
            "a shard outside its folder: ../x",
        ),
    ],
)
def test_a_damaged_model_file_is_named(tmp_path: Path, document: str, reason: str) -> None:
    model = tmp_path / "model.json"
    model.write_text(document)
    with pytest.raises(WeightsError, match=reason):
        graph_from_tfjs(model)


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"model\.json: No such file"):
        graph_from_tfjs(tmp_path / "model.json")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-1], "the value c is beyond the 11 bytes of its shards"),
        (lambda data: data + b"!", "not of the same model"),
    ],
)
def test_shards_of_another_length_are_refused(tmp_path: Path, change: Any, reason: str) -> None:
    model = write(tmp_path, [constant("c")], [weight("c", np.ones(3, np.float32))])
    shard = tmp_path / "group1-shard1"
    shard.write_bytes(change(shard.read_bytes()))
    with pytest.raises(WeightsError, match=reason):
        graph_from_tfjs(model)
