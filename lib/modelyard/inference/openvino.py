"""Runs models with OpenVINO."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from modelyard.inference.device import Device
from modelyard.inference.openvino_info import model_info, onnx_metadata
from modelyard.inference.openvino_network import (
    OpenVINOError,
    compile_network,
    read_network,
    reason,
)
from modelyard.inference.openvino_ports import Array, Input, port_name, port_shape
from modelyard.inference.precision import Precision
from modelyard.inference.threads import threads_from_env

if TYPE_CHECKING:
    # At run time `openvino_network` must be the first to import it.
    import openvino

Shapes = Mapping[str, tuple[int, ...]]


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
        network = read_network(model, device)
        self._path = model
        threads = threads or threads_from_env()
        try:
            self._metadata = onnx_metadata(network)
            if edit:
                edit(network)
            if outputs is not None:
                self._keep_outputs(network, outputs)
            if callable(shapes):
                shapes = shapes({port_name(port): port_shape(port) for port in network.inputs})
            if shapes:
                self._check_names("input", shapes, map(port_name, network.inputs))
                network.reshape({name: list(shape) for name, shape in shapes.items()})
            self._compiled = compile_network(
                network,
                threads=threads,
                cache_dir=cache_dir,
                performance=performance,
                precision=precision,
            )
        except RuntimeError as error:
            raise OpenVINOError(f"cannot load {model}: {reason(error)}") from error
        runs = threads if performance == "throughput" else 1
        self._requests = [self._compiled.create_infer_request() for _ in range(runs)]
        # Compiling adds the names of optimised-away nodes to the ports, but keeps their order.
        self._inputs = {port_name(port): Input.of(port) for port in network.inputs}
        names = [port_name(port) for port in network.outputs]
        self._outputs = dict(zip(names, self._compiled.outputs, strict=True))
        self._configuration = model_info(network)

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
        return {name: port_shape(port) for name, port in self._outputs.items()}

    @property
    def metadata(self) -> Mapping[str, str]:
        """The metadata of an ONNX file: texts by name."""
        return self._metadata

    @property
    def output_dtypes(self) -> dict[str, np.dtype[Any]]:
        """The dtypes of the model's outputs, by name."""
        return {
            name: np.dtype(port.element_type.to_dtype()) for name, port in self._outputs.items()
        }

    @property
    def configuration(self) -> Mapping[str, str]:
        """Model API's configuration in the file: texts by name."""
        return self._configuration

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
        self._check_names("output", names, map(port_name, network.outputs))
        for result in network.get_results():
            if port_name(result.output(0)) not in names:
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
        return OpenVINOError(f"{self._path} failed: {reason(error)}")
