"""Networks that tests plant in place of trained ones."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import DTypeLike, NDArray
from openvino import opset13 as op

Answer = NDArray[Any] | Callable[..., Any]
"""An output: an array, or a function from the input nodes to the node that computes it."""


def plant(
    path: Path,
    inputs: Mapping[str, tuple[tuple[int, ...], DTypeLike]],
    outputs: Mapping[str, Answer],
    configuration: Mapping[str, str] | None = None,
) -> Path:
    """Write an OpenVINO network to `path` (.xml), creating folders; return `path`.

    Args:
        path: Where to write it; the weights go beside it.
        inputs: Shape and dtype of each input by name; -1 means any length.
        outputs: The definition of each output, by name.
        configuration: Model API's configuration, by name.
    """
    nodes = {
        name: op.parameter(list(shape), np.dtype(dtype), name=name)
        for name, (shape, dtype) in inputs.items()
    }
    for name, node in nodes.items():
        node.output(0).tensor.set_names({name})
    results = []
    for name, answer in outputs.items():
        node = answer(*nodes.values()) if callable(answer) else op.constant(answer)
        results.append(op.result(node))
        results[-1].output(0).tensor.set_names({name})
    path.parent.mkdir(parents=True, exist_ok=True)
    network = openvino.Model(results, list(nodes.values()), path.stem)
    for name, value in (configuration or {}).items():
        network.set_rt_info(value, ["model_info", name])
    openvino.save_model(network, path, compress_to_fp16=False)
    return path
