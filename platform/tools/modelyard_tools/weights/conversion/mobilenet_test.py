"""Tests of MobileNetV2 built from a checkpoint."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from numpy.typing import NDArray

from modelyard_tools.weights.conversion.convert import main
from modelyard_tools.weights.conversion.mobilenet import mobilenet_v2
from modelyard_tools.weights.conversion.testing.checkpoints import (
    Tensors,
    normalised,
    random_layer,
    write_checkpoint,
)
from modelyard_tools.weights.errors import WeightsError

# Expansion, channels, stride of each of the 17 blocks: table 2 of the paper, written out.
BLOCKS = (
    [(1, 16, 1), (6, 24, 2), (6, 24, 1), (6, 32, 2), (6, 32, 1), (6, 32, 1), (6, 64, 2)]
    + [(6, 64, 1)] * 3
    + [(6, 96, 1)] * 3
    + [(6, 160, 2), (6, 160, 1), (6, 160, 1), (6, 320, 1)]
)


def random_weights() -> Tensors:
    """A state dictionary with the names and shapes of the real one."""
    random = np.random.default_rng(1)
    tensors: Tensors = {}

    def layer(convolution: str, norm: str, *shape: int) -> None:
        tensors.update(random_layer(random, convolution, norm, shape))

    layer("features.0.0", "features.0.1", 32, 3, 3, 3)
    before = 32
    for index, (expansion, after, _) in enumerate(BLOCKS, 1):
        wide, name = before * expansion, f"features.{index}.conv"
        shapes = [(wide, before, 1, 1)] if expansion > 1 else []
        shapes += [(wide, 1, 3, 3), (after, wide, 1, 1)]
        for place, shape in zip((0, 3, 6), shapes, strict=False):
            layer(f"{name}.{place}", f"{name}.{place + 1}", *shape)
        before = after
    layer("features.18.0", "features.18.1", 1280, 320, 1, 1)
    return tensors


def reference(tensors: Tensors, images: NDArray[Any]) -> NDArray[Any]:
    """MobileNetV2 in numpy, without folding anything."""

    def layer(
        x: NDArray[Any], convolution: str, norm: str, stride: int = 1, relu: bool = True
    ) -> NDArray[Any]:
        x = normalised(tensors, x, convolution, norm, stride=stride)
        return np.clip(x, 0, 6) if relu else x

    x = layer(images, "features.0.0", "features.0.1", 2)
    for index, (expansion, _, stride) in enumerate(BLOCKS, 1):
        name, y, place = f"features.{index}.conv", x, 0
        if expansion > 1:
            y, place = layer(y, f"{name}.0", f"{name}.1"), 3
        y = layer(y, f"{name}.{place}", f"{name}.{place + 1}", stride)
        y = layer(y, f"{name}.{place + 3}", f"{name}.{place + 4}", relu=False)
        x = x + y if y.shape == x.shape else y
    return np.asarray(layer(x, "features.18.0", "features.18.1").mean(axis=(2, 3)))


def embed(model: Any, images: NDArray[Any]) -> NDArray[Any]:
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled({"images": images})["embedding"])


IMAGES = np.random.default_rng(2).normal(0, 1, (2, 3, 64, 32)).astype(np.float32)


def test_it_computes_the_network_of_the_paper() -> None:
    tensors = random_weights()
    got = embed(mobilenet_v2(tensors), IMAGES)
    assert got.shape == (2, 1280)
    assert got.std() > 0.1
    np.testing.assert_allclose(got, reference(tensors, IMAGES), rtol=1e-3, atol=1e-3)


def test_a_checkpoint_is_converted_to_files(tmp_path: Path) -> None:
    tensors = random_weights()
    write_checkpoint(tmp_path / "net.pt", tensors)
    (tmp_path / "LICENSE").write_text("MIT")
    arguments = ["--in", str(tmp_path), "--out", str(tmp_path / "out"), "--name", "net"]
    assert main(["torch-mobilenetv2", *arguments]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["net.bin", "net.xml"]
    # Half precision.
    got = embed(openvino.Core().read_model(tmp_path / "out" / "net.xml"), IMAGES)
    np.testing.assert_allclose(got, reference(tensors, IMAGES), atol=0.05)
    first = (tmp_path / "out" / "net.xml").read_bytes()
    assert main(["torch-mobilenetv2", *arguments]) == 0
    assert (tmp_path / "out" / "net.xml").read_bytes() == first


@pytest.mark.parametrize("count", [0, 2])
def test_one_checkpoint_is_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    for index in range(count):
        (tmp_path / f"{index}.pt").write_bytes(b"")
    assert main(["torch-mobilenetv2", "--in", str(tmp_path), "--out", "o", "--name", "net"]) == 1
    assert "there must be exactly one file *.pt to convert" in capsys.readouterr().err


def test_missing_wrong_and_surplus_tensors_are_named() -> None:
    tensors = random_weights()
    with pytest.raises(WeightsError, match=r"MobileNetV2 does not have classifier\.weight"):
        mobilenet_v2(tensors | {"classifier.weight": np.zeros(3)})
    with pytest.raises(WeightsError, match=r"features\.0\.1\.bias is \(3,\), but \(32,\)"):
        mobilenet_v2(tensors | {"features.0.1.bias": np.zeros(3)})
    del tensors["features.18.0.weight"]
    with pytest.raises(WeightsError, match=r"the checkpoint lacks features\.18\.0\.weight"):
        mobilenet_v2(tensors)
