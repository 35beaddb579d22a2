"""Networks on their device."""

import pytest
import torch
from torch import nn

from inference.device import Device, DeviceError
from inference.torch_device import memory_share, prepare, running, torch_device

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


@pytest.mark.parametrize(("text", "share"), [("", None), ("0.25", 0.25), ("1", 1.0)])
def test_a_share_of_the_cards_memory(text: str, share: float | None) -> None:
    assert memory_share({"MODELYARD_GPU_MEMORY": text}) == share
    assert memory_share({}) is None


@pytest.mark.parametrize("text", ["0", "1.1", "-1", "half", "nan"])
def test_a_bad_share_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="MODELYARD_GPU_MEMORY must be a number above 0"):
        memory_share({"MODELYARD_GPU_MEMORY": text})


def test_the_processor_computes_in_bfloat16_where_that_is_asked_for() -> None:
    layer = prepare(nn.Linear(8, 4), CPU)
    values = torch.rand(3, 8)
    expected = layer(values)
    with running(CPU, precision="bfloat16"):
        answer = layer(values)
    assert answer.dtype == torch.bfloat16
    torch.testing.assert_close(answer.float(), expected, rtol=0.02, atol=0.02)
