"""Reads what an author's package exported."""

from pathlib import Path

import openvino


def read_exported(file: Path) -> openvino.Model:
    """Return a network that outlives its file."""
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})
    return core.read_model(file)
