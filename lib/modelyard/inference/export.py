"""Converts torch networks to OpenVINO. Runs when a release is built, never in a function."""

import warnings
from collections.abc import Mapping, Sequence

import openvino
import torch
from openvino.frontend import OpConversionFailure
from torch import Tensor, nn
from torch.jit._trace import TracerWarning


class ExportError(Exception):
    """A network cannot be exported; the message says why."""


def to_openvino(
    network: nn.Module,
    *example: Tensor,
    inputs: Mapping[str, Sequence[int]],
    outputs: Sequence[str],
) -> openvino.Model:
    """Convert a torch network to OpenVINO.

    It is traced in one run, so control flow must not depend on values, and results on sizes only
    through tensor operations. Compare the two on inputs other than `example`.

    Args:
        network: Its forward takes tensors and returns tensors, nested in lists and tuples at most
            once; other results are lost.
        example: Arguments of that run.
        inputs: Name and shape of each argument; -1 means any length.
        outputs: A name for each returned tensor.

    Raises:
        ExportError: the number of tensors and of names differ, or OpenVINO lacks an operation.
    """
    if len(inputs) != len(example):
        raise ExportError(f"{len(example)} arguments cannot be named {', '.join(inputs)}")
    shapes = [openvino.PartialShape([*shape]) for shape in inputs.values()]
    network.eval().requires_grad_(False)
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            # Sizes that become constants: the comparison required above finds them. And
            # OpenVINO traces networks with an API that torch deprecates.
            for category in (TracerWarning, DeprecationWarning):
                warnings.simplefilter("ignore", category)
            model = openvino.convert_model(network, example_input=example, input=shapes)
    except (RuntimeError, OpConversionFailure) as error:
        # The last of many lines states the reason.
        reason = str(error).strip().splitlines()[-1].removeprefix("-- ")
        raise ExportError(f"OpenVINO cannot convert {type(network).__name__}: {reason}") from error
    for ports, names in ((model.inputs, list(inputs)), (model.outputs, list(outputs))):
        if len(ports) != len(names):
            raise ExportError(f"{len(ports)} tensors cannot be named {', '.join(names)}")
        for port, name in zip(ports, names, strict=True):
            port.get_tensor().set_names({name})
    return model
