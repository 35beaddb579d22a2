"""The network: distances by their formula, shapes, and names of the weights."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fbrs.network import FEATURES, ClickNetwork, distance_maps
from modelyard.inference.checkpoints import CheckpointError, read_state
from modelyard.inference.testing.random_weights import random_state
from modelyard.inference.torch_loading import build_network


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return random_state(ClickNetwork)


def test_distances_are_those_to_the_nearest_click() -> None:
    positive, negative = [(3.5, 4.0), (20.0, 30.0)], [(0.0, 0.0)]
    maps = distance_maps(positive, negative, (25, 40)).numpy()
    assert maps.shape == (2, 25, 40)
    for row, column in np.ndindex(25, 40):
        for kind, clicks in enumerate((positive, negative)):
            nearest = min(math.dist((row, column), click) for click in clicks)
            expected = math.tanh(2 * nearest / 260)
            assert maps[kind, row, column] == pytest.approx(expected, abs=1e-6)


def test_without_clicks_everything_is_far_away() -> None:
    assert distance_maps([], [], (3, 4)).eq(1).all()


def test_both_halves_make_the_whole(state: dict[str, Tensor]) -> None:
    network = ClickNetwork()
    network.load_state_dict(state)
    network.eval()
    images = torch.randn(1, 3, 33, 48)
    clicks = distance_maps([(5, 5)], [], (33, 48))[None]
    with torch.inference_mode():
        features = network.features(images, clicks)
        logits = network(images, clicks)
        assert features.shape == (1, FEATURES, 9, 12)
        assert logits.shape == (1, 1, 33, 48)
        assert network.logits(features, (33, 48)).equal(logits)
        assert not network(images, clicks.flip(1)).equal(logits)


def test_the_names_are_the_published_ones(state: dict[str, Tensor]) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    counters = [name for name in shapes if name.endswith("num_batches_tracked")]
    backbone = [name for name in shapes if "feature_extractor.backbone" in name]
    # The authors' program identifies a ResNet-101 checkpoint by its up to 531 of these.
    assert len([name for name in backbone if name not in counters]) == 530
    assert len(shapes) == 719
    assert shapes["rgb_conv.0.weight"] == (8, 5, 1, 1)
    assert shapes["rgb_conv.3.bias"] == (3,)
    assert shapes["feature_extractor.backbone.conv1.6.weight"] == (128, 64, 3, 3)
    assert shapes["feature_extractor.backbone.layer4.2.conv2.weight"] == (512, 512, 3, 3)
    assert shapes["feature_extractor.aspp.concurent.4.gap.1.weight"] == (256, 2048, 1, 1)
    assert shapes["feature_extractor.aspp.project.0.weight"] == (256, 1280, 1, 1)
    assert shapes["feature_extractor.skip_project.skip_project.0.weight"] == (32, 256, 1, 1)
    assert shapes["feature_extractor.head.block.0.body.0.weight"] == (288, 1, 3, 3)
    assert shapes["feature_extractor.head.block.2.bias"] == (256,)
    assert shapes["head.layers.2.weight"] == (1, 128, 1, 1)


def test_all_of_a_checkpoint_is_needed_and_used(state: dict[str, Tensor], tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    # The published file was converted from MXNet, which has no counters.
    torch.save({name: value for name, value in state.items() if "num_batches" not in name}, file)
    loaded = build_network(ClickNetwork, read_state(file), source=file).state_dict()
    assert all(
        loaded[name].equal(tensor) for name, tensor in state.items() if "num_batches" not in name
    )
    less = {name: tensor for name, tensor in state.items() if name != "head.layers.2.bias"}
    with pytest.raises(CheckpointError, match=r"1 missing: head.layers.2.bias"):
        build_network(ClickNetwork, less, source=file)
    with pytest.raises(CheckpointError, match="1 left over: more"):
        build_network(ClickNetwork, {**state, "more": torch.zeros(1)}, source=file)
