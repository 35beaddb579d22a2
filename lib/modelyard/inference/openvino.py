"""Runs models with OpenVINO. Nothing else in the library imports it."""

# ruff: noqa: E402

import fcntl
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

import numpy as np

# OpenVINO works without its converters. They take half of its import time and are not needed to
# run models. Code that needs them can import them later.
_CONVERTERS: Final = "openvino.tools.ovc"
sys.modules.setdefault(_CONVERTERS, None)  # type: ignore[arg-type]
import openvino

if sys.modules[_CONVERTERS] is None:
    del sys.modules[_CONVERTERS]

from numpy.typing import NDArray
from openvino import properties
from openvino.properties import hint

from modelyard.inference.device import Device
from modelyard.inference.precision import Precision
from modelyard.inference.threads import threads_from_env
from modelyard_contract.variables import MODEL_CACHE

Array = NDArray[Any]
Shapes = Mapping[str, tuple[int, ...]]

MODEL_INFO: Final = "model_info"
"""Section of Model API's configuration in `rt_info`."""

_HINTS: Final = {
    "latency": hint.PerformanceMode.LATENCY,
    "throughput": hint.PerformanceMode.THROUGHPUT,
}
_PRECISIONS: Final = {"float32": openvino.Type.f32, "bfloat16": openvino.Type.bf16}


class OpenVINOError(Exception):
    """A model cannot be loaded or run; the message names its file."""


class OpenVINOSession:
    """A compiled model: arrays in, arrays out, one request at a time.

    Runs on the CPU; OpenVINO does not support CUDA.
    """

    def __init__(
        self,
        model: Path,
        *,
        device: Device,
        threads: int | None = None,
        cache_dir: Path | None = None,
        performance: Literal["latency", "throughput"] = "latency",
        shapes: Shapes | Callable[[Shapes], Shapes] | None = None,
        outputs: Collection[str] | None = None,
        edit: Callable[[openvino.Model], None] | None = None,
        precision: Precision = "float32",
    ) -> None:
        """Read and compile `model`: an IR (.xml beside its .bin), ONNX or TensorFlow file.

        Args:
            model: The file.
            device: Must be cpu.
            threads: How many to use; by default MODELYARD_THREADS.
            cache_dir: Where to cache the compiled model for the next start; by
                default the folder MODELYARD_MODEL_CACHE, if set.
            performance: What to tune for. A worker answers one request at a
                time, so latency is right: all threads work on one run. With
                throughput, `infer_many` uses a thread per run.
            shapes: New shapes of inputs by name, or a function from the file's shapes to new
                ones; -1 means any length.
            outputs: The only outputs to compute, by default all. Inputs that
                only other outputs need are removed.
            edit: Changes the network in place before all that.
            precision: Precision of the layers, see `supported_precision`.
                Inputs and outputs keep their types.

        Raises:
            OpenVINOError: the file is missing, is not a model, lacks an input
                named in `shapes` or an output named in `outputs`, or cannot be
                compiled.
        """
        core = openvino.Core()
        network = read_network(model, device, core)
        self._path = model
        threads = threads or threads_from_env()
        try:
            self._metadata = onnx_metadata(network)
            if edit:
                edit(network)
            if outputs is not None:
                self._keep_outputs(network, outputs)
            if callable(shapes):
                shapes = shapes({_name(port): _shape(port) for port in network.inputs})
            if shapes:
                self._check_names("input", shapes, map(_name, network.inputs))
                network.reshape({name: list(shape) for name, shape in shapes.items()})
            self._compiled = compile_network(
                core,
                network,
                threads=threads,
                cache_dir=cache_dir,
                performance=performance,
                precision=precision,
            )
        except RuntimeError as error:
            raise OpenVINOError(f"cannot load {model}: {_reason(error)}") from error
        runs = threads if performance == "throughput" else 1
        self._requests = [self._compiled.create_infer_request() for _ in range(runs)]
        # Compiling adds the names of optimised-away nodes to the ports, but keeps their order.
        self._inputs = {_name(port): _Input.of(port) for port in network.inputs}
        names = [_name(port) for port in network.outputs]
        self._outputs = dict(zip(names, self._compiled.outputs, strict=True))

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """The model's inputs with their shapes; -1 means any length."""
        return {name: expected.shape for name, expected in self._inputs.items()}

    @property
    def dtypes(self) -> dict[str, np.dtype[Any]]:
        """The dtypes of the model's inputs, by name."""
        return {name: expected.dtype for name, expected in self._inputs.items()}

    @property
    def outputs(self) -> dict[str, tuple[int, ...]]:
        """The model's outputs with their shapes; -1 means any length."""
        return {name: _shape(port) for name, port in self._outputs.items()}

    @property
    def metadata(self) -> Mapping[str, str]:
        """The metadata of an ONNX file: texts by name."""
        return self._metadata

    def infer(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run the model; return copies of its outputs by name.

        Args:
            inputs: One array for each input, by name, of its shape; converted to
                its dtype if necessary.

        Raises:
            OpenVINOError: an input is missing, unknown or has a wrong shape, or the
                run failed.
        """
        checked = self._checked(inputs)
        try:
            self._requests[0].infer(checked)
        except RuntimeError as error:
            raise self._failure(error) from error
        return self._results(self._requests[0])

    def infer_many(self, runs: Sequence[Mapping[str, Array]]) -> list[dict[str, Array]]:
        """Run the model once for each of `runs`; return the outputs in the same order.

        If compiled for throughput, one runs per thread, which pays if a single run is too small to
        keep all threads busy.

        Raises:
            OpenVINOError: see `infer`.
        """
        checked = [self._checked(inputs) for inputs in runs]
        found = []
        try:
            # Runs are assigned to the requests in turn, so the previous run on a request has the
            # oldest result not yet fetched.
            for index, inputs in enumerate(checked):
                if index >= len(self._requests):
                    found.append(self._fetched(index))
                self._request(index).start_async(inputs)
            while len(found) < len(checked):
                found.append(self._fetched(len(found)))
        except RuntimeError as error:
            raise self._failure(error) from error
        return found

    def _request(self, index: int) -> Any:
        return self._requests[index % len(self._requests)]

    def _fetched(self, index: int) -> dict[str, Array]:
        """Wait for the run of that index; return its outputs."""
        request = self._request(index)
        request.wait()
        return self._results(request)

    def _checked(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return the inputs in the model's form.

        Raises:
            OpenVINOError: one is missing, unknown or has a wrong shape or dtype.
        """
        self._check_names("input", inputs, self._inputs)
        missing = self._inputs.keys() - inputs.keys()
        if missing:
            raise OpenVINOError(f"{self._path} also needs its input {', '.join(sorted(missing))}")
        try:
            return {name: self._inputs[name].checked(array) for name, array in inputs.items()}
        except ValueError as error:
            raise self._failure(error) from error

    def _results(self, request: Any) -> dict[str, Array]:
        return {
            name: np.array(request.get_tensor(port).data) for name, port in self._outputs.items()
        }

    def _keep_outputs(self, network: openvino.Model, names: Collection[str]) -> None:
        """Remove all other outputs, and then the inputs that are no longer used."""
        self._check_names("output", names, map(_name, network.outputs))
        for result in network.get_results():
            if _name(result.output(0)) not in names:
                network.remove_result(result)
        needed = {operation.get_friendly_name() for operation in network.get_ops()}
        for parameter in network.get_parameters():
            readers = (port.get_node() for port in parameter.output(0).get_target_inputs())
            if not any(reader.get_friendly_name() in needed for reader in readers):
                network.remove_parameter(parameter)

    def _check_names(self, kind: str, given: Iterable[str], known: Iterable[str]) -> None:
        known = list(known)
        unknown = set(given).difference(known)
        if unknown:
            raise OpenVINOError(
                f"{self._path} has no {kind} {', '.join(sorted(unknown))}; "
                f"its {kind}s are {', '.join(known)}"
            )

    def _failure(self, error: Exception) -> OpenVINOError:
        return OpenVINOError(f"{self._path} failed: {_reason(error)}")


def read_network(model: Path, device: Device, core: openvino.Core | None = None) -> openvino.Model:
    """Read a model's file, with `core` or a new one.

    Raises:
        OpenVINOError: `device` is not cpu, or the file is missing or not a model.
    """
    if device.kind != "cpu":
        raise OpenVINOError(f"{model}: OpenVINO runs on cpu here, not on {device}")
    if not model.is_file():
        raise OpenVINOError(f"no model file {model}")
    try:
        return (core or openvino.Core()).read_model(model)
    except RuntimeError as error:
        raise OpenVINOError(f"cannot load {model}: {_reason(error)}") from error


def compile_network(
    core: openvino.Core,
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
    with _caching(core, cache_dir or _cache_from_env()):
        return core.compile_model(network, "CPU", settings)


class _Input(NamedTuple):
    """Requirements of an input; OpenVINO itself accepts some wrong shapes."""

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


def _name(port: Any) -> str:
    """Return the name of an input or output; its node's if the tensor has none."""
    return min(port.names) if port.names else str(port.node.friendly_name)


def _shape(port: Any) -> tuple[int, ...]:
    shape = port.partial_shape
    if shape.rank.is_dynamic:
        return ()
    return tuple(-1 if length.is_dynamic else length.get_length() for length in shape)


def onnx_metadata(network: openvino.Model) -> dict[str, str]:
    """Return the metadata of an ONNX file: texts by name."""
    return _texts(network, "framework")


def model_info(network: openvino.Model) -> dict[str, str]:
    """Return Model API's configuration from a network's `rt_info`, or an empty dict.

    ONNX files have it in their metadata; it is copied to `rt_info`, where Model API finds it.
    """
    for key, value in onnx_metadata(network).items():
        section, _, name = key.partition(" ")
        if section == MODEL_INFO and name:
            network.set_rt_info(value, [MODEL_INFO, name])
    return _texts(network, MODEL_INFO)


def _texts(network: openvino.Model, section: str) -> dict[str, str]:
    if not network.has_rt_info(section):
        return {}
    entries = network.get_rt_info(section).value
    if not isinstance(entries, Mapping):
        return {}
    return {name: str(getattr(entry, "value", entry)) for name, entry in entries.items()}


def _reason(error: Exception) -> str:
    """Return the last line of OpenVINO's message; the others are locations in its source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
