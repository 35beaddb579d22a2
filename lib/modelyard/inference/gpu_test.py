"""Networks on every device, and what only a GPU has."""

import pytest
import torch
from torch import nn

from modelyard.inference.device import Device
from modelyard.inference.testing.devices import CARD, assert_agrees, each_device, needs_card
from modelyard.inference.torch_device import prepare, running, torch_device
from modelyard_contract.variables import GPU_MEMORY


def network() -> nn.Module:
    """A network whose weights are the same each time."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3))


@each_device
def test_all_compute_the_same_and_a_card_in_half_precision(device: Device) -> None:
    pixels = torch.rand(2, 3, 16, 16)
    expected = network().eval()(pixels).detach()
    prepared = prepare(network(), device)
    with running(device):
        answer = prepared(pixels.to(torch_device(device)))
    assert answer.dtype == (torch.float16 if device == CARD else torch.float32)
    assert answer.device.type == device.kind
    assert_agrees(answer, expected, device)


@each_device
def test_half_precision_can_be_done_without(device: Device) -> None:
    pixels = torch.rand(2, 3, 16, 16)
    expected = network().eval()(pixels).detach()
    prepared = prepare(network(), device)
    with running(device, half=False):
        answer = prepared(pixels.to(torch_device(device)))
    assert answer.dtype == torch.float32
    assert_agrees(answer, expected, device)


@each_device
def test_gradients_of_an_input_reach_it(device: Device) -> None:
    prepared = prepare(network(), device)
    pixels = torch.rand(1, 3, 8, 8).to(torch_device(device)).requires_grad_()
    with running(device, half=False, gradients=True):
        (slope,) = torch.autograd.grad(prepared(pixels).square().sum(), pixels)
    assert slope.shape == pixels.shape
    assert slope.abs().sum() > 0


@needs_card
def test_no_more_than_the_share_of_a_cards_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = torch_device(CARD)
    share = torch.cuda.get_device_properties(card).total_memory // 20
    monkeypatch.setenv(GPU_MEMORY, str(share))
    prepared = prepare(network(), CARD)
    try:
        with pytest.raises(torch.OutOfMemoryError), running(CARD):
            torch.empty(2 * share, dtype=torch.uint8, device=card)
        with running(CARD):
            assert prepared(torch.rand(1, 3, 16, 16, device=card)).isfinite().all()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, card)
