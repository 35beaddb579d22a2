"""Reads networks with OpenVINO and compiles them, as for every function."""

# ruff: noqa: E402

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

# OpenVINO works without its converters. They take half of its import time and are not needed to
# run models. Code that needs them can import them later.
_CONVERTERS: Final = "openvino.tools.ovc"
sys.modules.setdefault(_CONVERTERS, None)  # type: ignore[arg-type]
import openvino

if sys.modules[_CONVERTERS] is None:
    del sys.modules[_CONVERTERS]

from openvino import properties
from openvino.properties import hint

from modelyard.inference.device import Device
from modelyard.inference.openvino_nodes import (
    EFFICIENT_NMS,
    keep_slices,
    translate_efficient_nms,
    unknown_nodes,
)
from modelyard.inference.precision import Precision
from modelyard.inference.threads import threads_from_env
from modelyard_contract.variables import MODEL_CACHE

_HINTS: Final = {
    "latency": hint.PerformanceMode.LATENCY,
    "throughput": hint.PerformanceMode.THROUGHPUT,
}
_PRECISIONS: Final = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}


class OpenVINOError(Exception):
    """A model cannot be loaded or run; the message names its file."""


def read_network(model: Path, device: Device) -> openvino.Model:
    """Read a model's file.

    Raises:
        OpenVINOError: `device` is not cpu, or the file is missing or not a model.
    """
    if device.kind != "cpu":
        raise OpenVINOError(f"{model}: OpenVINO runs on cpu here, not on {device}")
    if not model.is_file():
        raise OpenVINOError(f"no model file {model}")
    try:
        with _lower_case(model) as file:
            network = _read(file)
        keep_slices(network)
        return network
    except RuntimeError as error:
        why = unknown_nodes(str(error)) or reason(error)
        raise OpenVINOError(f"cannot load {model}: {why}") from error


def _read(model: Path) -> openvino.Model:
    core = openvino.Core()
    try:
        return core.read_model(model)
    except RuntimeError as error:
        if EFFICIENT_NMS not in str(error):
            raise
        translate_efficient_nms(core)
        return core.read_model(model)


@contextmanager
def _lower_case(model: Path) -> Iterator[Path]:
    """Yield a path with a lower-case extension, which OpenVINO goes by, such as for BEST.ONNX."""
    if model.suffix == model.suffix.lower():
        yield model
        return
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        # Files with the weights may lie beside it.
        for file in model.parent.iterdir():
            if file != model:
                (Path(folder) / file.name).symlink_to(file.absolute())
        link = Path(folder) / f"{model.stem}{model.suffix.lower()}"
        if not link.exists():
            link.symlink_to(model.absolute())
        yield link


def compile_network(
    network: openvino.Model,
    *,
    threads: int | None = None,
    cache_dir: Path | None = None,
    performance: Literal["latency", "throughput"] = "latency",
    precision: Precision = "float32",
) -> openvino.CompiledModel:
    """Compile a network, as for every function; arguments as in `OpenVINOSession`.

    Raises:
        RuntimeError: it cannot be compiled.
    """
    threads = threads or threads_from_env()
    settings = {
        hint.performance_mode: _HINTS[performance],
        hint.num_requests: threads if performance == "throughput" else 1,
        # By default it computes in bfloat16 if the CPU can, and the same
        # release would silently give other scores on other machines.
        hint.inference_precision: _PRECISIONS[precision],
        properties.inference_num_threads: threads,
        # Workers share the cores; pinning would put all of them on the first ones.
        hint.enable_cpu_pinning: False,
    }
    core = openvino.Core()
    with _caching(core, cache_dir or _cache_from_env()):
        return core.compile_model(network, "CPU", settings)


@contextmanager
def _caching(core: openvino.Core, folder: Path | None) -> Iterator[None]:
    """Cache what is compiled meanwhile in `folder`.

    One process at a time: workers start together, and none may read a file that another is still
    writing. OpenVINO detects files left unfinished by a killed process and compiles again. A folder
    that is not writable only makes the next start slower.
    """
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("ab")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        core.set_property({properties.cache_dir: str(folder)})
        yield


def _cache_from_env() -> Path | None:
    folder = os.environ.get(MODEL_CACHE)
    return Path(folder) if folder else None


def reason(error: Exception) -> str:
    """Return the last line of OpenVINO's message; the others are locations in its source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
