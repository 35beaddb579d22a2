"""The machine itself, its disks and its GPUs."""

import os
import platform
import shutil
from pathlib import Path
from typing import Final

import psutil

from modelyard_tools.doctor.facts import Gpus, Machine, Place
from modelyard_tools.embedded.machine.nvml import NvmlError, read_gpus

_NVIDIA: Final = "0x10de"
_PCI: Final = Path("/sys/bus/pci/devices")
# How WSL 2 shows a GPU.
_WSL_GPU: Final = Path("/dev/dxg")
_NVIDIA_DEVICE: Final = Path("/dev/nvidiactl")


def machine() -> Machine:
    """Return the facts about this machine."""
    memory = psutil.virtual_memory()
    return Machine(
        system=platform.system(),
        architecture=platform.machine(),
        wsl=wsl(platform.release()),
        memory_total=memory.total,
        memory_available=memory.available,
    )


def wsl(kernel: str) -> int:
    """Return the WSL version that a kernel's release belongs to; 0 if none."""
    if "microsoft" not in kernel.lower():
        return 0
    # WSL 1 is not Linux, and spells its maker with a capital.
    return 1 if kernel.endswith("-Microsoft") else 2


def place(path: Path) -> Place:
    """Return a folder with its disk; if it does not exist yet, that of its parent."""
    there = path
    while not there.exists():
        there = there.parent
    return Place(
        path=str(path), free=shutil.disk_usage(there).free, filesystem=_filesystem(there.resolve())
    )


def _filesystem(path: Path) -> str:
    """Return the type of the disk with the longest mount point above `path`."""
    found = [
        part
        for part in psutil.disk_partitions(all=True)
        if path.is_relative_to(part.mountpoint or "/")
    ]
    return max(found, key=lambda part: len(part.mountpoint)).fstype if found else ""


def gpus() -> Gpus:
    """Return NVIDIA GPUs, as the buses and the driver show them."""
    try:
        known, complaint = len(read_gpus()), ""
    except NvmlError as error:
        known, complaint = 0, str(error)
    return Gpus(present=bool(known) or _nvidia_hardware(), known=known, problem=complaint)


def _nvidia_hardware() -> bool:
    if _NVIDIA_DEVICE.exists() or (_WSL_GPU.exists() and shutil.which("nvidia-smi")):
        return True
    # Class 03 is displays; the sound devices of graphics cards have NVIDIA's vendor id too.
    devices = _PCI.iterdir() if _PCI.is_dir() and os.access(_PCI, os.R_OK) else ()
    return any(
        _line(device / "vendor") == _NVIDIA and _line(device / "class").startswith("0x03")
        for device in devices
    )


def _line(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
