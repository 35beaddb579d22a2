"""Networks on their devices."""

import pytest
import torch
from torch import nn

from modelyard.inference.device import Device, DeviceError
from modelyard.inference.torch_device import (
    memory_limit,
    memory_share,
    prepare,
    running,
    torch_device,
)

CPU = Device()
NO_CARD = Device("cuda", 99)


@pytest.fixture(autouse=True)
def _threads_are_put_back() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_processor_is_always_there_and_a_card_only_where_there_is_one() -> None:
    assert torch_device(CPU) == torch.device("cpu")
    with pytest.raises(DeviceError, match=r"cannot run on cuda:99: torch .* sees"):
        torch_device(NO_CARD)
    with pytest.raises(DeviceError, match="cannot run on cuda:99"):
        prepare(nn.Conv2d(1, 1, 1), NO_CARD)


def test_a_network_is_prepared_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_THREADS", "1")
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 1))
    pixels = torch.rand(2, 3, 3, 3)
    network.eval()
    expected = network(pixels).detach()
    assert prepare(network.train(), CPU) is network
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())
    assert torch.get_num_threads() == 1
    with running(CPU):
        answer = network(pixels)
    assert answer.is_inference()
    torch.testing.assert_close(answer, expected)


@pytest.mark.parametrize("channels_last", [False, True])
def test_weights_lie_as_asked(monkeypatch: pytest.MonkeyPatch, channels_last: bool) -> None:
    monkeypatch.setenv("MODELYARD_THREADS", "1")
    network = prepare(nn.Conv2d(3, 4, 5), CPU, channels_last=channels_last)
    last = network.weight.is_contiguous(memory_format=torch.channels_last)
    assert (last, network.weight.is_contiguous()) == (channels_last, not channels_last)


def test_gradients_are_recorded_where_a_model_asks_for_them() -> None:
    point = torch.tensor([3.0], requires_grad=True)
    with torch.no_grad(), running(CPU, gradients=True):
        (slope,) = torch.autograd.grad(point * point, point)
    assert slope.item() == 6
    with running(CPU):
        assert not (point * point).requires_grad


def test_the_processor_computes_in_full_precision() -> None:
    with running(CPU, half=True):
        assert (torch.eye(2) @ torch.eye(2)).dtype == torch.float32


def test_a_limit_of_the_cards_memory() -> None:
    assert memory_limit({"MODELYARD_GPU_MEMORY": "4294967296"}) == 4 << 30
    assert memory_limit({"MODELYARD_GPU_MEMORY": ""}) is None
    assert memory_limit({}) is None


@pytest.mark.parametrize("text", ["0", "0.5", "-1", "4Gi", "half", "nan", "²"])
def test_a_bad_limit_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="MODELYARD_GPU_MEMORY must be a number of bytes above 0"):
        memory_limit({"MODELYARD_GPU_MEMORY": text})


def test_a_limit_is_a_share_of_the_card() -> None:
    assert memory_share(4 << 30, 16 << 30) == 0.25
    assert memory_share(16 << 30, 16 << 30) == 1.0
    with pytest.raises(DeviceError, match=r"16\.0 GiB, less than the 24\.0 GiB"):
        memory_share(24 << 30, 16 << 30)


def test_the_processor_computes_in_bfloat16_where_that_is_asked_for() -> None:
    layer = prepare(nn.Linear(8, 4), CPU)
    values = torch.rand(3, 8)
    expected = layer(values)
    with running(CPU, precision="bfloat16"):
        answer = layer(values)
    assert answer.dtype == torch.bfloat16
    torch.testing.assert_close(answer.float(), expected, rtol=0.02, atol=0.02)
