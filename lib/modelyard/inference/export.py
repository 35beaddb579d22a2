"""Networks of torch as graphs of OpenVINO. Runs when a release is built, never in a function."""

import warnings
from collections.abc import Mapping, Sequence

import openvino
import torch
from openvino.frontend import OpConversionFailure
from torch import Tensor, nn
from torch.jit._trace import TracerWarning


class ExportError(Exception):
    """A network cannot be exported; the text says why."""


def to_openvino(
    network: nn.Module,
    *example: Tensor,
    inputs: Mapping[str, Sequence[int]],
    outputs: Sequence[str],
) -> openvino.Model:
    """Return what a network of torch computes, for OpenVINO.

    It is followed through one run, so what it does must not hang on values, nor on sizes but
    through what torch computes of tensors. Compare the two on inputs other than `example`.

    Args:
        network: Its forward takes tensors and returns tensors, nested in lists and tuples at most
            once; what else it returns is lost.
        example: Arguments for that run.
        inputs: A name for each argument, and its shape; -1 is any length.
        outputs: A name for each tensor that it returns.

    Raises:
        ExportError: there are other numbers of tensors than of names, or OpenVINO lacks an
            operation.
    """
    if len(inputs) != len(example):
        raise ExportError(f"{len(example)} arguments cannot be named {', '.join(inputs)}")
    shapes = [openvino.PartialShape([*shape]) for shape in inputs.values()]
    network.eval().requires_grad_(False)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            # Sizes that become numbers on the way: the comparison asked for above finds them. And
            # OpenVINO follows networks by what torch means to replace one day.
            for category in (TracerWarning, DeprecationWarning):
                warnings.simplefilter("ignore", category)
            model = openvino.convert_model(network, example_input=example, input=shapes)
    except (RuntimeError, OpConversionFailure) as error:
        # The last of many lines says what it is about.
        reason = str(error).strip().splitlines()[-1].removeprefix("-- ")
        raise ExportError(f"OpenVINO cannot convert {type(network).__name__}: {reason}") from error
    for ports, names in ((model.inputs, list(inputs)), (model.outputs, list(outputs))):
        if len(ports) != len(names):
            raise ExportError(f"{len(ports)} tensors cannot be named {', '.join(names)}")
        for port, name in zip(ports, names, strict=True):
            port.get_tensor().set_names({name})
    return model
