"""Networks saved by torch.jit, compared with their conversions."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
import torch
from torch import Tensor, nn

from modelyard_tools.weights.conversion.export import main
from modelyard_tools.weights.conversion.torchscript import export
from modelyard_tools.weights.errors import WeightsError


class Small(nn.Module):
    """A made-up detector with boxes and scores: a convolution, a normalisation and a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.SiLU())
        self.head = nn.Conv2d(8, 6, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.head(self.first(pixels)).flatten(2)
        return maps[:, :4], maps[:, 4:].sigmoid()


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(3)
    return Small().eval()


def traced(network: nn.Module) -> Any:
    return torch.jit.trace(  # type: ignore[no-untyped-call]
        network, torch.zeros(1, 3, 32, 32)
    )


@pytest.mark.parametrize("script", [traced, torch.jit.script])
def test_openvino_computes_what_torch_does(network: nn.Module, script: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    script(network).save(tmp_path / "in" / "best.torchscript")
    arguments = ["--in", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--name", "best"]
    assert main(["modelyard_tools.weights.conversion.torchscript", *arguments]) == 0
    model = openvino.Core().read_model(tmp_path / "out" / "best.xml")
    assert model.input().partial_shape.to_string() == "[1,3,?,?]"
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for size in ((32, 32), (48, 64)):
        pixels = torch.rand(1, 3, *size)
        found = compiled([pixels.numpy()])
        for number, expected in enumerate(network(pixels)):
            np.testing.assert_allclose(
                found[f"output{number}"], expected.detach().numpy(), rtol=1e-4, atol=1e-5
            )


def test_the_size_that_ultralytics_states_is_used(network: nn.Module, tmp_path: Path) -> None:
    config = {"config.txt": json.dumps({"imgsz": [64, 96], "names": {"0": "cat"}})}
    torch.jit.save(traced(network), tmp_path / "best.pt", _extra_files=config)
    assert export(tmp_path).input().partial_shape.to_string() == "[1,3,64,96]"


def test_a_checkpoint_is_refused_and_nothing_of_it_runs(tmp_path: Path) -> None:
    proof = tmp_path / "it ran"

    class Bomb:
        def __reduce__(self) -> Any:
            return exec, (f"open({str(proof)!r}, 'w')",)

    (tmp_path / "in").mkdir()
    torch.save({"model": Bomb()}, tmp_path / "in" / "best.pt")
    with pytest.raises(WeightsError, match=r"best.pt is not TorchScript"):
        export(tmp_path / "in")
    (tmp_path / "in" / "best.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(WeightsError, match=r"best.pt is not TorchScript"):
        export(tmp_path / "in")
    assert not proof.exists()


class Odd(nn.Module):
    def forward(self, matrix: Tensor) -> Tensor:
        values: Tensor = torch.linalg.eigvals(matrix).real
        return values


def test_an_operation_that_openvino_lacks_is_named(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(Odd()), tmp_path / "odd.pt")
    with pytest.raises(WeightsError, match=r"OpenVINO cannot convert odd.pt: .*eigvals"):
        export(tmp_path)
