"""DEXTR's checkpoint as files; what the network computes is in `dextr_network_test.py`."""

from pathlib import Path

import numpy as np
import openvino
import pytest

from modelyard_tools.weights.conversion.convert import main
from modelyard_tools.weights.conversion.dextr import dextr
from modelyard_tools.weights.conversion.testing.checkpoints import Tensors, write_checkpoint
from modelyard_tools.weights.conversion.testing.dextr import dextr_tensors
from modelyard_tools.weights.errors import WeightsError

SIDE = 48


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    return dextr_tensors()


def test_a_checkpoint_is_converted_to_files(tmp_path: Path, tensors: Tensors) -> None:
    parallel = {f"module.{name}": array for name, array in tensors.items()}
    write_checkpoint(tmp_path / "dextr_pascal-sbd.pth", parallel)
    arguments = ["--in", str(tmp_path), "--out", str(tmp_path / "out"), "--name", "dextr"]
    assert main(["torch-dextr", *arguments]) == 0
    network = openvino.Core().read_model(tmp_path / "out" / "dextr.xml")
    assert list(network.input("input").shape) == [1, 4, 512, 512]
    assert list(network.output("output").shape) == [1, 1, 512, 512]
    stored = {
        node.get_element_type()
        for node in network.get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type().is_real()
    }
    assert stored == {openvino.Type.f32}


def test_another_network_is_refused(tensors: Tensors) -> None:
    with pytest.raises(WeightsError, match=r"DEXTR does not have fc\.weight"):
        dextr({**tensors, "fc.weight": np.zeros(3)}, SIDE)
    with pytest.raises(WeightsError, match=r"layer5\.final\.bias is \(2,\), but \(1,\)"):
        dextr({**tensors, "layer5.final.bias": np.zeros(2)}, SIDE)
