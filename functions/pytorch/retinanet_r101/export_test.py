"""The detector on OpenVINO against the one on torch, from the same published checkpoint."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino
import PIL.Image
import pytest

from modelyard import Assets, Device, Image
from modelyard.inference.checkpoints import CheckpointError
from retinanet_r101.export import export
from retinanet_r101.exported import DELTAS, LOGITS, PIXELS, WEIGHTS
from retinanet_r101.handler import RetinaNetR101
from retinanet_r101.openvino_handler import OpenVINORetinaNetR101


class SmallOnOpenVINO(OpenVINORetinaNetR101):
    """The detector, scaling images to only 128 pixels, like the fixture `model`."""

    shortest = 128


@pytest.fixture(scope="module")
def assets(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Assets:
    """The function's assets with the exported network."""
    exported = tmp_path_factory.mktemp("exported")
    (exported / "weights").mkdir()
    openvino.save_model(
        export(folder / "weights"), exported / "weights" / WEIGHTS, compress_to_fp16=False
    )
    described = json.loads((folder / "model.json").read_text())
    described["model"] = "retinanet_r101.openvino_handler"
    (exported / "model.json").write_text(json.dumps(described))
    return Assets.open(exported)


@pytest.fixture(scope="module")
def on_openvino(assets: Assets, model: RetinaNetR101) -> SmallOnOpenVINO:
    """Loaded after `model`, whose fixture sets the number of threads."""
    detector = SmallOnOpenVINO()
    detector.load(assets, Device())
    detector.warm_up()
    return detector


@pytest.mark.parametrize("size", [(96, 60), (60, 96), (64, 64), (300, 40)])
@pytest.mark.parametrize("threshold", [0.05, 0.3])
def test_both_see_the_same(
    model: RetinaNetR101, on_openvino: SmallOnOpenVINO, size: tuple[int, int], threshold: float
) -> None:
    """At sizes other than that of the export's example."""
    noise = np.random.default_rng(1).integers(0, 256, (size[1] // 4, size[0] // 4, 3), np.uint8)
    image = Image.from_pixels(np.asarray(PIL.Image.fromarray(noise).resize(size)))
    expected, found = model.detect(image, threshold), on_openvino.detect(image, threshold)
    assert len(expected) > 5
    assert [shape.label for shape in found] == [shape.label for shape in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.confidence == pytest.approx(theirs.confidence, abs=1e-4)
        # The effect of differences in the seventh digit after a hundred layers of random weights.
        assert ours.box == pytest.approx(theirs.box, rel=1e-4, abs=1e-3)


def test_bfloat16_sees_nearly_the_same(
    assets: Assets, on_openvino: SmallOnOpenVINO, tmp_path: Path
) -> None:
    """On CPUs without it the results are the same."""
    described = json.loads((assets.path / "model.json").read_text())
    (tmp_path / "model.json").write_text(
        json.dumps({**described, "params": {"precision": "bfloat16"}})
    )
    (tmp_path / "weights").symlink_to(assets.path / "weights")
    quick = SmallOnOpenVINO()
    quick.load(Assets.open(tmp_path), Device())
    pixels = np.random.default_rng(1).standard_normal((1, 3, 96, 128)).astype(np.float32) * 50
    answers = (model.run_network(pixels, -np.inf) for model in (quick, on_openvino))
    for found, expected in zip(*answers, strict=True):
        for ours, theirs in ((found.logits, expected.logits), (found.deltas, expected.deltas)):
            assert (ours - theirs).std() < 0.1 * theirs.std()


def test_the_exported_network_has_names_and_takes_any_size(assets: Assets) -> None:
    network = openvino.Core().read_model(assets.weights(WEIGHTS))
    assert [port.get_any_name() for port in network.inputs] == [PIXELS]
    assert network.input().partial_shape.to_string() == "[1,3,?,?]"
    assert [port.get_any_name() for port in network.outputs] == [*LOGITS, *DELTAS]


def test_what_runs_on_openvino_imports_no_torch() -> None:
    check = "import sys, retinanet_r101.openvino_handler; sys.exit('torch' in sys.modules)"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", check], env=environment, check=True)


def test_another_networks_checkpoint_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / "model_final_971ab9.pkl").write_bytes(b"\x80\x04N.")
    with pytest.raises(CheckpointError, match="holds a NoneType"):
        export(tmp_path)
