"""Torch networks: device, number of threads and precision.

```python
network = prepare(network, device)
with running(device):
    scores = network(pixels.to(torch_device(device)))
```
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import torch
from torch import nn

from modelyard.inference.device import Device, DeviceError
from modelyard.inference.memory import keep_freed_memory
from modelyard.inference.precision import Precision
from modelyard.inference.threads import threads_from_env
from modelyard_contract.limits import GIB
from modelyard_contract.variables import GPU_MEMORY

Network = TypeVar("Network", bound=nn.Module)


def torch_device(device: Device) -> torch.device:
    """Return torch's name for a device.

    Raises:
        DeviceError: torch does not see this GPU.
    """
    if device.kind == "cpu":
        return torch.device("cpu")
    cards = torch.cuda.device_count()
    if device.index >= cards:
        seen = f"{cards} graphics cards" if cards else "no graphics card"
        raise DeviceError(f"cannot run on {device}: torch {torch.__version__} sees {seen}")
    return torch.device("cuda", device.index)


def prepare(network: Network, device: Device, *, channels_last: bool = False) -> Network:
    """Move a loaded network to its device, ready for inference; return the same object.

    It will neither train nor record gradients of its weights. On the CPU it uses MODELYARD_THREADS
    threads, and layers reuse freed memory. On a GPU it uses at most MODELYARD_GPU_MEMORY bytes, the
    function's `gpu_memory`, so that functions can share one. CUDA's own context, some hundred MiB,
    is not included.

    Args:
        network: The network.
        device: Where to run it.
        channels_last: Use channels-last weights for convolutions on the CPU too, which copies
            them and makes some networks faster. On a GPU they always are, since half precision
            is fast that way.

    Raises:
        DeviceError: the device does not exist, or has less memory than that.
        ValueError: one of the variables is not a valid number.
    """
    target = torch_device(device)
    network.eval().requires_grad_(False)
    if channels_last or device.kind != "cpu":
        # Torch's type hints do not include the form without a device.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if device.kind == "cpu":
        torch.set_num_threads(threads_from_env())
        keep_freed_memory()
        return network
    if limit := memory_limit():
        total = torch.cuda.get_device_properties(target).total_memory
        torch.cuda.set_per_process_memory_fraction(memory_share(limit, total), target)
    return network.to(target)


def memory_limit(env: Mapping[str, str] | None = None) -> int | None:
    """Read MODELYARD_GPU_MEMORY, in bytes; None if it is unset or empty.

    Raises:
        ValueError: it is not a whole number above 0.
    """
    text = (os.environ if env is None else env).get(GPU_MEMORY, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{GPU_MEMORY} must be a number of bytes above 0, not {text!r}")
    return int(text)


def memory_share(limit: int, total: int) -> float:
    """Return `limit` as a fraction 0..1 of a GPU's `total` bytes.

    Raises:
        DeviceError: the GPU has less.
    """
    if limit > total:
        raise DeviceError(
            f"the graphics card has {total / GIB:.1f} GiB, less than the {limit / GIB:.1f} GiB "
            "of `gpu_memory`"
        )
    return limit / total


@contextmanager
def running(
    device: Device,
    *,
    half: bool = True,
    gradients: bool = False,
    precision: Precision = "float32",
) -> Iterator[None]:
    """Run networks in this context.

    Args:
        device: Where they run.
        half: On a GPU, compute in float16 where torch considers it safe. Results may then be
            float16, so convert them before decoding.
        gradients: Record gradients, for models that optimise their input.
        precision: Precision on the CPU where torch considers it safe, like `half` on a GPU;
            see `supported_precision`.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.enable_grad() if gradients else torch.inference_mode())
        if half and device.kind == "cuda":
            stack.enter_context(torch.autocast("cuda", torch.float16))
        if precision == "bfloat16" and device.kind == "cpu":
            stack.enter_context(torch.autocast("cpu", torch.bfloat16))
        try:
            yield
        except torch.OutOfMemoryError:
            # Memory that the allocator keeps might not fit the next, perhaps smaller, image.
            torch.cuda.empty_cache()
            raise
