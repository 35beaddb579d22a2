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
from typing import Final, TypeVar

import torch
from torch import nn

from inference.device import Device, DeviceError
from inference.memory import keep_freed_memory
from inference.precision import Precision
from inference.threads import threads_from_env

GPU_MEMORY: Final = "MODELYARD_GPU_MEMORY"

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
    graphics card no more than the share (0..1) of the card's memory is used that
    MODELYARD_GPU_MEMORY says, so that functions can share one.

    Args:
        network: The network.
        device: Where it is to run.
        channels_last: Lay the weights of convolutions out channels last on the processor, too,
            which takes a copy of them and makes some networks faster. On a graphics card they
            always are, for half precision is fast in it.

    Raises:
        DeviceError: there is no such device.
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
    if share := memory_share():
        torch.cuda.set_per_process_memory_fraction(share, target)
    return network.to(target)


def memory_share(env: Mapping[str, str] | None = None) -> float | None:
    """Read MODELYARD_GPU_MEMORY, a share of a card's memory; None when it is unset or empty.

    Raises:
        ValueError: it is no number above 0 and up to 1.
    """
    text = (os.environ if env is None else env).get(GPU_MEMORY, "")
    if not text:
        return None
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise ValueError(f"{GPU_MEMORY} must be a number above 0 and up to 1, not {text!r}")
    return share


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
            for a graphics card; `precision_in` reads it from a function's settings.
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
