"""Files that leave the shape of their input open, as transformers and RF-DETR write them."""

from pathlib import Path

import numpy as np
import onnx
import openvino
import pytest
from onnx import TensorProto, helper

from modelyard_tools.scaffold.cli import main
from modelyard_tools.scaffold.errors import NetworkError
from modelyard_tools.scaffold.network import Network, read_network
from modelyard_tools.scaffold.stated import Stated
from modelyard_tools.scaffold.testing.networks import write_onnx

OPEN = ("batch", "channels", "height", "width")
WANTED = (
    "it leaves its input open, pixel_values (-1, -1, -1, -1): add --option input_size=WIDTH,HEIGHT"
)


def write_fixed(path: Path, *, first: bool = True) -> None:
    """Write a network that only takes 64 x 48, but does not say so: it adds a constant map.

    Its convolution has the channels first or, behind a transposition, last.
    """
    nodes = []
    source = "pixel_values"
    if not first:
        nodes.append(helper.make_node("Transpose", [source], ["moved"], perm=[0, 3, 1, 2]))
        source = "moved"
    nodes += [
        helper.make_node("Conv", [source, "kernel"], ["mixed"]),
        helper.make_node("Add", ["mixed", "map"], ["added"]),
        helper.make_node("GlobalAveragePool", ["added"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["scores"]),
    ]
    constants = {
        "kernel": np.ones((5, 3, 1, 1), np.float32),
        "map": np.zeros((1, 5, 48, 64), np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, OPEN)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ("batch", 5))],
        [onnx.numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))


def read(path: Path, **options: object) -> Network:
    return read_network(path, Stated(options=options))


@pytest.mark.parametrize("suffix", ["onnx", "xml"])
def test_the_stated_size_is_that_of_an_open_input(tmp_path: Path, suffix: str) -> None:
    write_fixed(tmp_path / "model.onnx")
    if suffix == "xml":
        model = openvino.Core().read_model(tmp_path / "model.onnx")
        openvino.save_model(model, tmp_path / "model.xml")
    found = read(tmp_path / f"model.{suffix}", input_size=[64, 48])
    assert found.inputs == {"pixel_values": (1, 3, 48, 64)}
    assert found.reading is not None
    assert found.reading.options["input_size"] == [64, 48]
    assert found.reading.sources["input_size"] == "--option"


@pytest.mark.parametrize(
    ("first", "options"),
    [(True, {}), (True, {"input_size": [48, 64]}), (False, {"input_size": [64, 48]})],
    ids=["assumed", "swapped", "channels last"],
)
def test_a_size_that_it_does_not_take_is_refused(
    tmp_path: Path, first: bool, options: dict[str, object]
) -> None:
    write_fixed(tmp_path / "model.onnx", first=first)
    with pytest.raises(NetworkError) as error:
        read(tmp_path / "model.onnx", **options)
    assert WANTED in str(error.value)
    assert "\n" not in str(error.value)


def test_outputs_of_an_open_input_are_read(tmp_path: Path) -> None:
    outputs = {"dets": (1, 9, 4), "labels": (1, 9, 6)}
    write_onnx(tmp_path / "model.onnx", outputs, OPEN)
    found = read(tmp_path / "model.onnx")
    assert found.reading is not None
    assert found.reading.head == "detr"
    assert len(found.reading.names) == 5
    assert found.reading.options["input_size"] == [640, 640]
    assert found.reading.sources["input_size"].startswith("assumed")


def test_the_size_of_the_image_processor_is_that_of_an_open_input(tmp_path: Path) -> None:
    write_onnx(tmp_path / "model.onnx", {"dets": (1, 9, 4), "labels": (1, 9, 6)}, OPEN)
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"height": 48, "width": 64}}')
    found = read(tmp_path / "model.onnx")
    assert found.reading is not None
    assert found.reading.options["input_size"] == [64, 48]
    assert found.reading.sources["input_size"] == "preprocessor_config.json beside it"


def test_the_readme_of_a_class_lists_inputs_and_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELYARD_CWD", raising=False)
    write_onnx(tmp_path / "model.onnx", {"strange": (1, 2, 3, 4, 5)}, (1, 3, 64, 48))
    assert main(["my_model", "--from", "model.onnx"]) == 0
    readme = (tmp_path / "functions" / "openvino" / "my_model" / "README.md").read_text()
    listed = "value range.\n\n- input images [1, 3, 64, 48]\n- output strange [1, 2, 3, 4, 5]\n"
    assert f"{listed}\n```" in readme
