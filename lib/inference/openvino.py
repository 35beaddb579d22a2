"""Models run by OpenVINO. Nothing else in the library imports it."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import properties
from openvino.properties import hint

from inference.device import Device
from inference.threads import threads_from_env

Array = NDArray[Any]
Shapes = Mapping[str, tuple[int, ...]]

CACHE: Final = "MODELYARD_CACHE"

_HINTS: Final = {
    "latency": hint.PerformanceMode.LATENCY,
    "throughput": hint.PerformanceMode.THROUGHPUT,
}


class OpenVINOError(Exception):
    """A model cannot be loaded or run; the text names its file."""


class OpenVINOSession:
    """A compiled model: arrays in, arrays out, one request at a time.

    Runs on the processor; OpenVINO knows nothing of CUDA.
    """

    def __init__(
        self,
        model: Path,
        *,
        device: Device,
        threads: int | None = None,
        cache_dir: Path | None = None,
        performance: Literal["latency", "throughput"] = "latency",
        shapes: Shapes | None = None,
    ) -> None:
        """Read and compile `model`: an IR (.xml beside its .bin), ONNX or TensorFlow file.

        Args:
            model: The file.
            device: Must be cpu.
            threads: How many to use; by default what MODELYARD_THREADS says.
            cache_dir: Where to keep the compiled model for the next start; by
                default the folder MODELYARD_CACHE, without it nowhere.
            performance: What to tune for. A worker answers one request at a
                time, so latency is right unless `infer` gets batches.
            shapes: New shapes of inputs by name; -1 is any length.

        Raises:
            OpenVINOError: the file is not there, is no model, lacks an input
                that `shapes` names, or cannot be compiled.
        """
        if device.kind != "cpu":
            raise OpenVINOError(f"{model}: OpenVINO runs on cpu here, not on {device}")
        if not model.is_file():
            raise OpenVINOError(f"no model file {model}")
        self._path = model
        settings = {
            hint.performance_mode: _HINTS[performance],
            hint.num_requests: 1,
            # Left to itself it computes in bfloat16 where the processor can, and the same
            # release would give other scores on other machines.
            hint.inference_precision: openvino.Type.f32,
            properties.inference_num_threads: threads or threads_from_env(),
            # Workers share the cores; pinning would put them all on the first ones.
            hint.enable_cpu_pinning: False,
        }
        core = openvino.Core()
        cache = cache_dir or _cache_from_env()
        if cache is not None:
            core.set_property({properties.cache_dir: str(cache)})
        try:
            network = core.read_model(model)
            if shapes:
                self._check_names(shapes, [_name(port) for port in network.inputs])
                network.reshape({name: list(shape) for name, shape in shapes.items()})
            self._compiled = core.compile_model(network, "CPU", settings)
        except RuntimeError as error:
            raise OpenVINOError(f"cannot load {model}: {_reason(error)}") from error
        self._request = self._compiled.create_infer_request()
        self._inputs = {_name(port): _Input.of(port) for port in self._compiled.inputs}

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """The model's inputs with their shapes; -1 is any length."""
        return {name: expected.shape for name, expected in self._inputs.items()}

    @property
    def outputs(self) -> dict[str, tuple[int, ...]]:
        """The model's outputs with their shapes; -1 is any length."""
        return {_name(port): _shape(port) for port in self._compiled.outputs}

    def infer(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run the model; return its outputs by name, arrays of their own.

        Args:
            inputs: One array for each input, by name, of its shape; converted to
                its dtype if need be.

        Raises:
            OpenVINOError: an input is missing, unknown or of a wrong shape, or the
                run failed.
        """
        self._check_names(inputs, self._inputs)
        if len(inputs) < len(self._inputs):
            missing = ", ".join(self._inputs.keys() - inputs.keys())
            raise OpenVINOError(f"{self._path} needs its input {missing} too")
        try:
            self._request.infer(
                {name: self._inputs[name].checked(array) for name, array in inputs.items()}
            )
        except (RuntimeError, ValueError) as error:
            raise OpenVINOError(f"{self._path} failed: {_reason(error)}") from error
        return {
            _name(port): np.array(self._request.get_tensor(port).data)
            for port in self._compiled.outputs
        }

    def _check_names(self, given: Iterable[str], known: Iterable[str]) -> None:
        unknown = set(given).difference(known)
        if unknown:
            raise OpenVINOError(
                f"{self._path} has no input {', '.join(sorted(unknown))}; "
                f"its inputs are {', '.join(known)}"
            )


class _Input(NamedTuple):
    """What an input must look like; OpenVINO itself lets some wrong shapes pass."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    any_rank: bool

    @classmethod
    def of(cls, port: Any) -> Self:
        dtype = np.dtype(port.element_type.to_dtype())
        return cls(_name(port), _shape(port), dtype, port.partial_shape.rank.is_dynamic)

    def checked(self, given: Array) -> Array:
        """Return `given` in this dtype, contiguous.

        Raises:
            ValueError: its shape does not fit, or values would be lost.
        """
        fits = self.any_rank or (
            given.ndim == len(self.shape)
            and all(want in (-1, have) for want, have in zip(self.shape, given.shape, strict=True))
        )
        if not fits:
            raise ValueError(f"input {self.name} must be {self.shape}, not {given.shape}")
        if not np.can_cast(given.dtype, self.dtype, "same_kind"):
            raise ValueError(f"input {self.name} must be {self.dtype}, not {given.dtype}")
        return np.ascontiguousarray(given, self.dtype)


def _cache_from_env() -> Path | None:
    folder = os.environ.get(CACHE)
    return Path(folder) if folder else None


def _name(port: Any) -> str:
    """Return the name of an input or output; its node's where the tensor has none."""
    return min(port.names) if port.names else str(port.node.friendly_name)


def _shape(port: Any) -> tuple[int, ...]:
    shape = port.partial_shape
    if shape.rank.is_dynamic:
        return ()
    return tuple(-1 if length.is_dynamic else length.get_length() for length in shape)


def _reason(error: Exception) -> str:
    """Return the last line of OpenVINO's message: the others say where in its source it is."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
