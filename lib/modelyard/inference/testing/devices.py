"""The devices that `gpu_test.py` files compare, and how closely they must agree."""

import os
from typing import Final

import pytest
import torch
from torch import Tensor

from modelyard.inference.device import Device

REQUIRE: Final = "MODELYARD_REQUIRE_GPU"
"""Set if a GPU must be found: tests that need one then fail instead of being skipped."""

CPU: Final = Device()
CARD: Final = Device("cuda")

_MISSING: Final = not (torch.cuda.is_available() or os.environ.get(REQUIRE))

needs_card = pytest.mark.skipif(_MISSING, reason="needs a graphics card")
"""Marks tests that need a GPU."""

each_device = pytest.mark.parametrize(
    "device", [CPU, pytest.param(CARD, marks=needs_card)], ids=["cpu", "cuda"]
)
"""Marks tests for all devices. The run on the CPU verifies the test itself."""

_EXACT: Final = 1e-4
# Float16 has three digits, of which a hundred layers leave two. Even in full precision, a GPU's
# convolutions round their factors to as many.
_ROUNDED: Final = 0.02


def assert_agrees(answer: Tensor, expected: Tensor, device: Device) -> None:
    """Compare a device's result with the CPU's.

    Args:
        answer: The result, with any dtype and device.
        expected: float32 with the same shape, not constant.
        device: The device that computed `answer`.

    Raises:
        AssertionError: they differ by too much.
    """
    given, wanted = answer.double().cpu(), expected.double().cpu()
    if given.shape != wanted.shape:
        raise AssertionError(f"{device} answers {given.shape}, not {wanted.shape}")
    off = ((given - wanted).square().mean().sqrt() / wanted.std()).item()
    most = _ROUNDED if device.kind == "cuda" else _EXACT
    # In this order NaN is too far off as well.
    if not off <= most:
        raise AssertionError(f"{device} is {off:.2g} of the spread off, more than {most}")
