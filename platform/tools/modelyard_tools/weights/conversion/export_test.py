"""Tests of the command line exporter."""

import sys
from pathlib import Path

import numpy as np
import openvino
import pytest
import torch

from modelyard_tools.weights.conversion.export import main

EXPORTER = """
from pathlib import Path

import torch

from modelyard.inference.export import to_openvino


def export(weights: Path):
    network = torch.nn.Conv2d(3, 40, 3, bias=False)
    network.load_state_dict({"weight": torch.load(weights / "kernel.pt", weights_only=True)})
    example = torch.zeros(1, 3, 8, 8)
    return to_openvino(network, example, inputs={"pixels": (1, 3, -1, -1)}, outputs=("maps",))
"""


@pytest.fixture(autouse=True)
def _authors_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test imports modules from its own folder."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("exporter", "empty", "odd"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def run(folder: Path, module: str, out: str = "out") -> int:
    arguments = ["--in", str(folder), "--out", str(folder / out), "--name", "tiny"]
    return main([module, *arguments])


def test_the_authors_network_is_written_with_unchanged_weights(tmp_path: Path) -> None:
    (tmp_path / "exporter.py").write_text(EXPORTER)
    kernel = torch.randn(40, 3, 3, 3)
    torch.save(kernel, tmp_path / "kernel.pt")
    for out in ("first", "second"):
        assert run(tmp_path, "exporter", out) == 0
    for file in ("tiny.xml", "tiny.bin"):
        first = (tmp_path / "first" / file).read_bytes()
        assert first == (tmp_path / "second" / file).read_bytes()
    network = openvino.Core().read_model(tmp_path / "first" / "tiny.xml")
    compiled = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    pixels = torch.randn(1, 3, 6, 11)
    expected = torch.nn.functional.conv2d(pixels, kernel).numpy()
    found = compiled({"pixels": pixels.numpy()})["maps"]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("code", "module", "reason"),
    [
        ("", "empty", "empty does not define export(weights: Path) -> openvino.Model"),
        ("def export(weights): return 1", "odd", "odd returned a int, not an openvino.Model"),
        ("", "missing", "No module named 'missing'"),
    ],
)
def test_an_invalid_exporter_is_refused(
    tmp_path: Path, code: str, module: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if module != "missing":
        (tmp_path / f"{module}.py").write_text(code)
    assert run(tmp_path, module) == 1
    assert reason in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()
