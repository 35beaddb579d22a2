"""The network: shapes, names of the weights, the same answer twice."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from iog.network import InsideOutside
from modelyard.inference.checkpoints import CheckpointError, read_state
from modelyard.inference.testing.random_weights import random_state
from modelyard.inference.torch_loading import build_network


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return random_state(InsideOutside)


@pytest.fixture(scope="module")
def network(state: dict[str, Tensor]) -> InsideOutside:
    network = InsideOutside()
    network.load_state_dict(state)
    return network.eval()


def test_the_mask_has_the_size_of_the_input(network: InsideOutside) -> None:
    images = torch.rand(2, 5, 64, 96) * 255
    with torch.inference_mode():
        mask = network(images)
        stages = network.all_stages(images)
        again = network(images)
    assert mask.shape == (2, 1, 64, 96)
    assert [stage.shape for stage in stages] == [mask.shape] * 5
    assert stages[-1].equal(mask)
    assert mask.equal(again)


def test_every_input_counts(network: InsideOutside) -> None:
    torch.manual_seed(1)
    images = torch.rand(1, 5, 64, 64) * 255
    with torch.inference_mode():
        mask = network(images)
        for channel in range(5):
            changed = images.clone()
            changed[:, channel] += 50
            assert not network(changed).allclose(mask, rtol=1e-4)


def test_the_names_are_the_published_ones(state: dict[str, Tensor]) -> None:
    assert len(state) == 918
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert shapes["backbone.conv1.weight"] == (64, 5, 7, 7)
    assert shapes["backbone.layer4.2.bn3.num_batches_tracked"] == ()
    assert shapes["psp4.stages.3.1.weight"] == (512, 2048, 1, 1)
    assert shapes["psp4.bottleneck.0.weight"] == (512, 4096, 1, 1)
    assert shapes["Coarse_net.laterals.0.0.weight"] == (256, 512, 1, 1)
    assert shapes["Coarse_net.upsamples.0.1.weight"] == (256, 256, 1, 1)
    assert shapes["Coarse_net.predict.3.3.weight"] == (1, 256, 3, 3)
    assert shapes["Coarse_net.predict.3.5.running_var"] == (1,)
    assert shapes["Fine_net.cascade.0.2.downsample.0.weight"] == (256, 256, 1, 1)
    assert shapes["Fine_net.final_predict.0.conv1.weight"] == (128, 1024, 1, 1)
    assert shapes["Fine_net.final_predict.2.bias"] == (1,)


def test_all_of_a_checkpoint_is_needed_and_used(state: dict[str, Tensor], tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save(state, file)
    loaded = build_network(InsideOutside, read_state(file), source=file).state_dict()
    assert all(loaded[name].equal(tensor) for name, tensor in state.items())
    less = {name: tensor for name, tensor in state.items() if name != "backbone.conv1.weight"}
    with pytest.raises(CheckpointError, match=r"1 missing: backbone\.conv1\.weight"):
        build_network(InsideOutside, less, source=file)
    with pytest.raises(CheckpointError, match="1 left over: more"):
        build_network(InsideOutside, {**state, "more": torch.zeros(1)}, source=file)
