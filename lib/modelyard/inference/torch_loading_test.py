"""A checkpoint's weights fill a network exactly, or an error lists what does not fit."""

import pytest
import torch
from torch import nn

from modelyard.inference.checkpoints import CheckpointError
from modelyard.inference.torch_loading import build_network, load_state, without_prefix


class Small(nn.Module):
    """A network of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        normal: torch.Tensor = self.norm(self.conv(pixels))
        return normal


def test_a_network_is_built_from_a_state_and_takes_its_tensors_over() -> None:
    original = Small()
    state = {f"module.{name}": value for name, value in original.state_dict().items()}
    network = build_network(Small, state, source="x", rename=without_prefix("module."))
    assert network.conv.weight.data_ptr() == original.conv.weight.data_ptr()
    pixels = torch.rand(1, 1, 5, 5)
    assert torch.equal(network.eval()(pixels), original.eval()(pixels))


def test_other_precisions_are_converted_and_old_batch_counters_not_asked_for() -> None:
    original = Small()
    state = {
        name: value.double()
        for name, value in original.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    network = build_network(Small, state, source="x")
    assert network.conv.weight.dtype == torch.float32
    assert torch.equal(network.conv.weight, original.conv.weight)
    assert network.norm.num_batches_tracked == 0


def test_one_error_says_all_that_does_not_fit() -> None:
    state = dict(Small().state_dict())
    state["head.weight"] = state.pop("norm.weight")
    state["conv.bias"] = torch.zeros(3)
    state["extra"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as caught:
        load_state(Small(), state, source="file.pth")
    assert str(caught.value) == (
        "file.pth does not fit Small: 1 missing: norm.weight; "
        "2 left over: head.weight, extra; 1 of another shape: conv.bias 3 for 2"
    )


def test_tensors_are_left_out_only_by_name_and_never_taken_twice() -> None:
    state = {**Small().state_dict(), "fc.weight": torch.zeros(1)}
    load_state(
        Small(), state, source="x", rename=lambda key: None if key.startswith("fc.") else key
    )
    with pytest.raises(CheckpointError, match=r"x has conv\.weight twice, the second time as"):
        load_state(
            Small(), state, source="x", rename=lambda key: key.replace("fc.weight", "conv.weight")
        )


def test_long_lists_of_keys_are_cut() -> None:
    with pytest.raises(CheckpointError, match=r"6 missing: conv\.weight, .*, … \(6\)$"):
        load_state(Small(), {}, source="x")


def test_a_table_made_with_the_network_is_refused() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("steps", torch.arange(3), persistent=False)

    with pytest.raises(TypeError, match="Table computes steps when it is made"):
        build_network(Table, {}, source="x")
