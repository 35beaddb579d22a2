"""Small Darknet networks compared with the same layers in numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from numpy.typing import NDArray

from modelyard_tools.weights.conversion.convert import main
from modelyard_tools.weights.conversion.darknet import network_from_darknet
from modelyard_tools.weights.errors import WeightsError

NET = "[net]\nwidth=6\nheight=4\nchannels=2\n"
RNG = np.random.default_rng(7)


def written(
    folder: Path, cfg: str, *arrays: NDArray[Any], version: tuple[int, int] = (0, 2), extra: int = 0
) -> tuple[Path, Path]:
    """Write both files, with `extra` surplus values."""
    header = np.array([*version, 0], "<i4").tobytes()
    header += bytes(8 if version[0] * 10 + version[1] >= 2 else 4)
    values = np.concatenate([array.ravel() for array in (*arrays, np.zeros(extra))])
    (folder / "n.cfg").write_text(cfg)
    (folder / "n.weights").write_bytes(header + values.astype("<f4").tobytes())
    return folder / "n.cfg", folder / "n.weights"


def run(network: openvino.Model, images: NDArray[Any]) -> list[NDArray[Any]]:
    compiled = openvino.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = compiled({"images": images.astype(np.float32)})
    return [results[f"head_{number}"] for number in range(len(results))]


def images(channels: int = 2) -> NDArray[Any]:
    return RNG.normal(size=(1, channels, 4, 6)).astype(np.float32)


CONVOLUTION = "[convolutional]\nfilters=3\nsize=1\nstride=1\npad=1\nactivation=linear\n"
IDENTITY = "[convolutional]\nfilters=2\nsize=1\nstride=1\nactivation=linear\n"
SAME = (np.zeros(2), np.eye(2))
YOLO = "[yolo]\n"


@pytest.mark.parametrize("version", [(0, 1), (0, 2), (1, 0)])
def test_values_are_taken_in_darknets_order(tmp_path: Path, version: tuple[int, int]) -> None:
    bias, kernel = np.array([1.0, -2, 3]), RNG.normal(size=(3, 2))
    files = written(tmp_path, NET + CONVOLUTION + YOLO, bias, kernel, version=version)
    pixels = images()
    (head,) = run(network_from_darknet(*files), pixels)
    expected = np.einsum("fc,bchw->bfhw", kernel, pixels) + bias[:, None, None]
    np.testing.assert_allclose(head, expected, atol=1e-5)


def test_a_normalising_convolution_leaks(tmp_path: Path) -> None:
    cfg = NET + CONVOLUTION.replace("linear", "leaky") + "batch_normalize=1\n" + YOLO
    bias, scale, mean = RNG.normal(size=(3, 3))
    variance, kernel = RNG.uniform(0.5, 2, 3), RNG.normal(size=(3, 2))
    files = written(tmp_path, cfg, bias, scale, mean, variance, kernel)
    pixels = images()
    (head,) = run(network_from_darknet(*files), pixels)
    plain = np.einsum("fc,bchw->bhwf", kernel, pixels)
    normal = ((plain - mean) / np.sqrt(variance + 1e-5) * scale + bias).transpose(0, 3, 1, 2)
    assert (normal < 0).any()
    np.testing.assert_allclose(head, np.where(normal > 0, normal, normal * 0.1), atol=1e-4)


def test_a_convolution_pads_with_zeros_and_strides(tmp_path: Path) -> None:
    kernel = RNG.normal(size=(1, 2, 3, 3))
    cfg = NET + "[convolutional]\nfilters=1\nsize=3\nstride=2\npad=1\nactivation=linear\n" + YOLO
    files = written(tmp_path, cfg, np.zeros(1), kernel)
    pixels = images()
    (head,) = run(network_from_darknet(*files), pixels)
    padded = np.pad(pixels[0], ((0, 0), (1, 1), (1, 1)))
    expected = [
        [(padded[:, y : y + 3, x : x + 3] * kernel[0]).sum() for x in (0, 2, 4)] for y in (0, 2)
    ]
    np.testing.assert_allclose(head[0, 0], expected, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_pooling_pads_right_and_bottom(tmp_path: Path, stride: int) -> None:
    cfg = f"{NET}{IDENTITY}[maxpool]\nsize=2\nstride={stride}\n{YOLO}"
    pixels = images() - 5  # All negative: a padding of zeros would win.
    (head,) = run(network_from_darknet(*written(tmp_path, cfg, *SAME)), pixels)
    padded = np.pad(pixels[0], ((0, 0), (0, 1), (0, 1)), constant_values=-np.inf)
    expected = [
        [padded[:, y : y + 2, x : x + 2].max(axis=(1, 2)) for x in range(0, 6, stride)]
        for y in range(0, 4, stride)
    ]
    np.testing.assert_array_equal(head[0], np.moveaxis(np.array(expected), 2, 0))


def test_layers_are_connected_as_in_the_cfg(tmp_path: Path) -> None:
    cfg = (
        f"{NET}{IDENTITY}[maxpool]\nsize=2\nstride=2\n{YOLO}"
        f"[upsample]\nstride=2\n[route]\nlayers = -1, 0\n{YOLO}"
        f"[route]\nlayers=0\n[shortcut]\nfrom=3\nactivation=linear\n{YOLO}"
    )
    pixels = images()
    pooled, joined, summed = run(network_from_darknet(*written(tmp_path, cfg, *SAME)), pixels)
    doubled = pooled.repeat(2, axis=2).repeat(2, axis=3)
    np.testing.assert_array_equal(joined, np.concatenate((doubled, pixels), axis=1))
    np.testing.assert_array_equal(summed, pixels + doubled)


@pytest.mark.parametrize(
    ("cfg", "extra", "reason"),
    [
        (NET + CONVOLUTION + YOLO, 1, "has 1 more values than the .cfg asks for"),
        (NET + CONVOLUTION.replace("filters=3", "filters=4") + YOLO, 0, "ends after 9 values"),
        (NET + CONVOLUTION, 0, "has no .yolo. layer"),
        (NET + CONVOLUTION + "[crnn]\n", 0, "layer 1 is .crnn., which is not supported"),
        (NET + CONVOLUTION.replace("linear", "mish") + YOLO, 0, "the activation mish"),
        (NET + CONVOLUTION.replace("filters=3", "filters=x"), 0, "has filters=x, not a whole"),
        (NET + CONVOLUTION + "[route]\nlayers=4\n", 0, "layer 1, refers to layers"),
        (NET + CONVOLUTION + "[route]\n", 0, "needs layers, a list of layers"),
        ("[yolo]\n", 0, "does not start with .net."),
        ("nonsense\n" + NET, 0, "line 1 of the .cfg is neither a section nor a setting: nonsense"),
    ],
)
def test_unsupported_files_are_reported(tmp_path: Path, cfg: str, extra: int, reason: str) -> None:
    files = written(tmp_path, cfg, np.zeros(3), np.zeros((3, 2)), extra=extra)
    with pytest.raises(WeightsError, match=reason):
        network_from_darknet(*files)


def test_a_truncated_header_is_reported(tmp_path: Path) -> None:
    cfg, weights = written(tmp_path, NET + CONVOLUTION + YOLO)
    weights.write_bytes(bytes(7))
    with pytest.raises(WeightsError, match=r"n\.weights ends within its header"):
        network_from_darknet(cfg, weights)


def convert(folder: Path, out: Path) -> int:
    return main(["darknet", "--in", str(folder), "--out", str(out), "--name", "net"])


def test_the_command_finds_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, NET + IDENTITY + YOLO, *SAME)
    (tmp_path / "LICENSE").write_text("free")
    assert convert(tmp_path, tmp_path / "out") == 0
    pixels = images()
    (head,) = run(openvino.Core().read_model(tmp_path / "out" / "net.xml"), pixels)
    np.testing.assert_allclose(head, pixels)
    (tmp_path / "n.cfg").unlink()
    assert convert(tmp_path, tmp_path / "other") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "net: there must be exactly one file *.cfg to convert; found: none"
