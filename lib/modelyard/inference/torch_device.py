"""Networks on torch: where they run, on how many threads, and in which precision.

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
    """Return torch's name of a device.

    Raises:
        DeviceError: torch sees no such graphics card.
    """
    if device.kind == "cpu":
        return torch.device("cpu")
    cards = torch.cuda.device_count()
    if device.index >= cards:
        seen = f"{cards} graphics cards" if cards else "no graphics card"
        raise DeviceError(f"cannot run on {device}: torch {torch.__version__} sees {seen}")
    return torch.device("cuda", device.index)


def prepare(network: Network, device: Device, *, channels_last: bool = False) -> Network:
    """Bring a loaded network to its device, ready to answer; return the same object.

    It will neither train nor record gradients of its weights. On the processor it uses as many
    threads as MODELYARD_THREADS says, and memory that one layer has freed serves the next. On a
    graphics card no more bytes are used than MODELYARD_GPU_MEMORY says, the function's
    `gpu_memory`, so that functions can share one. CUDA's own context, some hundred MiB, is apart.

    Args:
        network: The network.
        device: Where it is to run.
        channels_last: Lay the weights of convolutions out channels last on the processor, too,
            which takes a copy of them and makes some networks faster. On a graphics card they
            always are, for half precision is fast in it.

    Raises:
        DeviceError: there is no such device, or it has less memory than that.
        ValueError: one of the variables is no such number.
    """
    target = torch_device(device)
    network.eval().requires_grad_(False)
    if channels_last or device.kind != "cpu":
        # The types that torch declares leave out the form without a device.
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
    """Read MODELYARD_GPU_MEMORY, in bytes; None when it is unset or empty.

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
    """Return what share of a card's `total` bytes `limit` is, 0..1.

    Raises:
        DeviceError: the card has less.
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
    """Run networks inside.

    Args:
        device: Where they run.
        half: On a graphics card, compute in float16 where torch deems that safe. Results may
            then be float16, so convert them before decoding.
        gradients: Record what gradients need, for models that optimise their input.
        precision: What the processor computes in where torch deems it safe, as `half` says
            for a graphics card, see `supported_precision`.
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
            # What the allocator keeps would be missing to the next, perhaps smaller, image.
            torch.cuda.empty_cache()
            raise
