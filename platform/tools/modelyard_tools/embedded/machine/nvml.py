"""The GPUs of this machine and their memory, from NVIDIA's management library."""

from typing import Any

import msgspec


class NvmlError(Exception):
    """The library is missing or does not work; the text says why."""


class Gpu(msgspec.Struct, frozen=True):
    """A GPU with its memory in bytes. `uuid` is what CUDA_VISIBLE_DEVICES takes."""

    uuid: str
    name: str
    total: int
    free: int


def read_gpus() -> list[Gpu]:
    """Return the GPUs as they are now.

    Raises:
        NvmlError: there is no driver, or it does not answer.
    """
    # Imported when needed: most machines that run the platform have no GPU.
    import pynvml  # noqa: PLC0415

    try:
        pynvml.nvmlInit()
        try:
            return [_read(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        raise NvmlError(str(error)) from None


def _read(pynvml: Any, index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    uuid = pynvml.nvmlDeviceGetUUID(handle)
    name = pynvml.nvmlDeviceGetName(handle)
    return Gpu(uuid=uuid, name=name, total=memory.total, free=memory.free)
