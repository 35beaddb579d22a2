"""Tests of the command line converter."""

from pathlib import Path

import numpy as np
import openvino
import pytest

from modelyard_tools.weights.conversion.convert import main
from modelyard_tools.weights.conversion.graphdef import DATA_TYPES, GraphDef
from modelyard_tools.weights.conversion.testing.tfjs import (
    FLOAT,
    IMAGE,
    constant,
    image_nodes,
    node,
    weight,
    write,
)

SCALE = np.array([0.5, 0.25, 2.0], np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    nodes = [*image_nodes(), constant("scale"), node("result", "Mul", "pixels", "scale", T=FLOAT)]
    # Large enough to be stored as fp16: OpenVINO does not convert the smallest constants.
    filter_ = np.linspace(-1, 1, 3 * 64, dtype=np.float32).reshape(1, 1, 3, 64)
    strides = {"list": {"i": [1, 1, 1, 1]}}
    convolution = node(
        "features",
        "Conv2D",
        "result",
        "filter",
        T=FLOAT,
        strides=strides,
        padding={"s": "U0FNRQ=="},
    )
    nodes += [constant("filter"), convolution]
    return write(folder, nodes, [weight("scale", SCALE), weight("filter", filter_)])


def convert(model: Path, out: Path) -> int:
    return main(["tfjs", "--in", str(model.parent), "--out", str(out), "--name", "tiny"])


def test_the_converted_model_computes_the_same(model: Path, tmp_path: Path) -> None:
    assert convert(model, tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["tiny.bin", "tiny.xml"]
    network = openvino.Core().read_model(tmp_path / "out" / "tiny.xml")
    compiled = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    filter_ = np.linspace(-1, 1, 3 * 64).reshape(3, 64)
    np.testing.assert_allclose(compiled(IMAGE)[0], (IMAGE * SCALE) @ filter_, rtol=2e-3, atol=0.2)


def test_weights_are_stored_in_half_precision(model: Path, tmp_path: Path) -> None:
    convert(model, tmp_path / "out")
    assert 3 * 64 * 2 <= (tmp_path / "out" / "tiny.bin").stat().st_size < 3 * 64 * 4


def test_the_same_model_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        assert convert(model, tmp_path / name) == 0
    for file in ("tiny.xml", "tiny.bin"):
        first = (tmp_path / "first" / file).read_bytes()
        assert first == (tmp_path / "second" / file).read_bytes()


def test_an_operation_that_openvino_does_not_know_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write(tmp_path, [*image_nodes(), node("odd", "NoSuchOperation", "pixels")], [])
    assert convert(model, tmp_path / "out") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tiny: ")
    assert "NoSuchOperation" in line
    assert not (tmp_path / "out").exists()


def frozen(folder: Path) -> Path:
    """A frozen TensorFlow graph: `image` doubled in `inner`, which is called `result` too."""
    graph = GraphDef()
    for name, operation, inputs in (
        ("image", "Placeholder", []),
        ("inner", "AddV2", ["image", "image"]),
        ("result", "Identity", ["inner"]),
    ):
        added = graph.node.add(name=name, op=operation, input=inputs)
        added.attr["dtype" if operation == "Placeholder" else "T"].type = DATA_TYPES["DT_FLOAT"]
    for size in (-1, 3):
        graph.node[0].attr["shape"].shape.dim.add(size=size)
    folder.mkdir()
    path = folder / "frozen_inference_graph.pb"
    path.write_bytes(graph.SerializeToString())
    return path


def test_a_frozen_graph_keeps_the_names_of_its_ends(tmp_path: Path) -> None:
    folder = frozen(tmp_path / "in").parent
    (folder / "LICENSE").write_text("free")
    out = tmp_path / "out"
    assert main(["openvino", "--in", str(folder), "--out", str(out), "--name", "tiny"]) == 0
    network = openvino.Core().read_model(out / "tiny.xml")
    assert [port.names for port in network.inputs] == [{"image:0"}]
    assert [port.names for port in network.outputs] == [{"result:0"}]
    doubled = openvino.compile_model(network, "CPU")(np.ones((2, 3), np.float32))[0]
    assert doubled.tolist() == [[2] * 3] * 2


def test_a_second_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = frozen(tmp_path / "in").parent
    (folder / "other.onnx").touch()
    out = str(tmp_path / "out")
    assert main(["openvino", "--in", str(folder), "--out", out, "--name", "tiny"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith("found: frozen_inference_graph.pb, other.onnx")


def test_a_model_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(tmp_path / "model.json", tmp_path / "out") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"tiny: cannot read {tmp_path / 'model.json'}: No such file or directory"
