"""The devices that `gpu_test.py` files compare, and how closely they must agree."""

import os
from typing import Final

import pytest
import torch
from torch import Tensor

from modelyard.inference.device import Device

REQUIRE: Final = "MODELYARD_REQUIRE_GPU"
"""Set where a graphics card must be found: tests that need one fail instead of being left out."""

CPU: Final = Device()
CARD: Final = Device("cuda")

_MISSING: Final = not (torch.cuda.is_available() or os.environ.get(REQUIRE))

needs_card = pytest.mark.skipif(_MISSING, reason="needs a graphics card")
"""What only a graphics card can show."""

each_device = pytest.mark.parametrize(
    "device", [CPU, pytest.param(CARD, marks=needs_card)], ids=["cpu", "cuda"]
)
"""What holds on all devices. On the processor it shows that the test itself is sound."""

_EXACT: Final = 1e-4
# Float16 has three digits, of which a hundred layers leave two. In full precision, too, a card's
# convolutions round their factors to as many.
_ROUNDED: Final = 0.02


def assert_agrees(answer: Tensor, expected: Tensor, device: Device) -> None:
    """Check what a device computed against what the processor did.

    Args:
        answer: Of any dtype and device.
        expected: float32 of the same shape, not all the same value.
        device: What computed `answer`.

    Raises:
        AssertionError: they differ by too much.
    """
    given, wanted = answer.double().cpu(), expected.double().cpu()
    if given.shape != wanted.shape:
        raise AssertionError(f"{device} answers {given.shape}, not {wanted.shape}")
    off = ((given - wanted).square().mean().sqrt() / wanted.std()).item()
    most = _ROUNDED if device.kind == "cuda" else _EXACT
    # In this order what is no number is too far off as well.
    if not off <= most:
        raise AssertionError(f"{device} is {off:.2g} of the spread off, more than {most}")
