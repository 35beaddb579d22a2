"""The network against its definition in torch's functions."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from modelyard.inference.checkpoints import CheckpointError
from modelyard.inference.torch_loading import build_network
from retinanet_r101.network import WEIGHTS, RetinaNet, read_network

Checkpoint = dict[str, NDArray[np.float32]]
SHAPE = (96, 64)


@pytest.fixture(scope="module")
def state(checkpoint: Checkpoint) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in checkpoint.items()}


class Definition:
    """The network as its papers and detectron2's configuration define it."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        self.state = state

    def conv(self, features: Tensor, name: str, stride: int = 1) -> Tensor:
        kernel = self.state[f"{name}.weight"]
        padding = kernel.shape[-1] // 2
        return functional.conv2d(features, kernel, self.state.get(f"{name}.bias"), stride, padding)

    def unit(self, features: Tensor, name: str, stride: int = 1) -> Tensor:
        features = self.conv(features, name, stride)
        mean, variance, scale, shift = (
            self.state[f"{name}.norm.{part}"].reshape(1, -1, 1, 1)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (features - mean) / (variance + 1e-5).sqrt() * scale + shift

    def stages(self, pixels: Tensor) -> list[Tensor]:
        name = "backbone.bottom_up"
        features = self.unit(pixels, f"{name}.stem.conv1", 2).relu()
        features = functional.max_pool2d(features, 3, 2, 1)
        maps = []
        for stage, blocks in ((2, 3), (3, 4), (4, 23), (5, 3)):
            for block in range(blocks):
                at = f"{name}.res{stage}.{block}"
                stride = 2 if stage > 2 and block == 0 else 1
                inner = self.unit(features, f"{at}.conv1", stride).relu()
                inner = self.unit(self.unit(inner, f"{at}.conv2").relu(), f"{at}.conv3")
                if block == 0:
                    features = self.unit(features, f"{at}.shortcut", stride)
                features = (features + inner).relu()
            maps.append(features)
        return maps

    def pyramid(self, pixels: Tensor) -> list[Tensor]:
        _, c3, c4, c5 = self.stages(pixels)
        above = self.conv(c5, "backbone.fpn_lateral5")
        maps = [self.conv(above, "backbone.fpn_output5")]
        for number, features in ((4, c4), (3, c3)):
            doubled = above.repeat_interleave(2, -1).repeat_interleave(2, -2)
            above = doubled + self.conv(features, f"backbone.fpn_lateral{number}")
            maps.insert(0, self.conv(above, f"backbone.fpn_output{number}"))
        p6 = self.conv(c5, "backbone.top_block.p6", 2)
        return [*maps, p6, self.conv(p6.relu(), "backbone.top_block.p7", 2)]

    def head(self, features: Tensor, subnet: str, last: str) -> Tensor:
        for layer in (0, 2, 4, 6):
            features = self.conv(features, f"head.{subnet}.{layer}").relu()
        return self.conv(features, f"head.{last}")


@torch.inference_mode()
def test_answers_are_those_of_the_definition(state: dict[str, Tensor]) -> None:
    network = build_network(RetinaNet, state, source="random").eval()
    pixels = torch.randn(1, 3, *SHAPE, generator=torch.Generator().manual_seed(3)) * 50
    answers = network(pixels)
    definition = Definition(state)
    maps = definition.pyramid(pixels)
    assert [features.shape[2:] for features in maps] == [(12, 8), (6, 4), (3, 2), (2, 1), (1, 1)]
    for ours, features in zip(zip(answers[:5], answers[5:], strict=True), maps, strict=True):
        logits = definition.head(features, "cls_subnet", "cls_score")
        deltas = definition.head(features, "bbox_subnet", "bbox_pred")
        assert logits.std() > 0.1
        # Anchor 4 and class 7 of the cell in the last row and column, in both layouts.
        assert ours[0][-9 + 4, 7] == pytest.approx(logits[0, 4 * 80 + 7, -1, -1], abs=1e-4)
        assert ours[1][-9 + 4, 3] == pytest.approx(deltas[0, 4 * 4 + 3, -1, -1], abs=1e-4)
        for listed, theirs, size in zip(ours, (logits, deltas), (80, 4), strict=True):
            by_cell = theirs.reshape(9, size, *features.shape[2:]).permute(2, 3, 0, 1)
            torch.testing.assert_close(listed, by_cell.reshape(-1, size), rtol=1e-4, atol=1e-4)


def test_every_tensor_is_used_and_none_may_be_missing(state: dict[str, Tensor]) -> None:
    assert len(state) == 556
    names = set(build_network(RetinaNet, state, source="random").state_dict())
    counters = {name for name in names if name.endswith("num_batches_tracked")}
    assert names - counters == set(state)
    for change in ({"head.cls_score.bias": None}, {"head.extra": torch.zeros(1)}):
        changed: dict[str, Any] = {**state, **change}
        with pytest.raises(CheckpointError, match=r"1 (missing|left over): head\."):
            build_network(
                RetinaNet,
                {name: tensor for name, tensor in changed.items() if tensor is not None},
                source="random",
            )


@pytest.mark.parametrize("nested", [True, False])
def test_a_checkpoint_is_read_with_and_without_its_outer_key(
    state: dict[str, Tensor], tmp_path: Path, nested: bool
) -> None:
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    file = tmp_path / WEIGHTS
    file.write_bytes(pickle.dumps({"model": arrays} if nested else arrays, 2))
    loaded = read_network(file).state_dict()
    assert all(loaded[name].equal(tensor) for name, tensor in state.items())
