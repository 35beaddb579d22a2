"""A fake of NVIDIA's management library: GPUs described by a JSON file."""

import json
from pathlib import Path
from typing import Any

# The part of `pynvml` that the platform uses, as that module behaves.
_MODULE = """
import json
from types import SimpleNamespace


class NVMLError(Exception):
    pass


def _gpus():
    try:
        with open({path!r}) as file:
            return json.load(file)
    except FileNotFoundError:
        raise NVMLError("NVML Shared Library Not Found") from None


def nvmlInit():
    _gpus()


def nvmlShutdown():
    pass


def nvmlDeviceGetCount():
    return len(_gpus())


def nvmlDeviceGetHandleByIndex(index):
    return _gpus()[index]


def nvmlDeviceGetMemoryInfo(handle):
    return SimpleNamespace(
        total=handle["total"], free=handle["free"], used=handle["total"] - handle["free"]
    )


def nvmlDeviceGetUUID(handle):
    return handle["uuid"]


def nvmlDeviceGetName(handle):
    return handle["name"]
"""


class FakeGpus:
    """GPUs in a folder: put it first in the platform's search path."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._path = folder / "gpus.json"
        (folder / "pynvml.py").write_text(_MODULE.format(path=str(self._path)))

    def set(self, *gpus: tuple[int, int]) -> None:
        """Set the GPUs, each with its total and free bytes."""
        described: list[dict[str, Any]] = [
            {"uuid": f"GPU-{number}", "name": "Fake", "total": total, "free": free}
            for number, (total, free) in enumerate(gpus)
        ]
        scratch = self._path.with_suffix(".new")
        scratch.write_text(json.dumps(described))
        scratch.replace(self._path)
