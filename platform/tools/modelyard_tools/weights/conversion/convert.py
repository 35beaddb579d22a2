"""Converts a downloaded model to OpenVINO IR: `<name>.xml` and `<name>.bin`.

Weights are stored in fp16, those of DEXTR in float32.

    python -m modelyard_tools.weights.conversion.convert KIND --in DIR --out DIR --name NAME

DIR contains the download: for `tfjs` the graph model's `model.json` with its shards, for
`openvino` a single file that OpenVINO reads itself (a frozen TensorFlow graph, ONNX), for `darknet`
a `.cfg` and its `.weights`, for `torch-mobilenetv2` a PyTorch checkpoint. A LICENSE beside them
is ignored.

The same input and version of OpenVINO give the same bytes. Exit code 0, or 1 with the reason on the
last line of stderr.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import openvino

from modelyard_tools.weights.conversion.darknet import network_from_darknet
from modelyard_tools.weights.conversion.dextr import dextr
from modelyard_tools.weights.conversion.files import only
from modelyard_tools.weights.conversion.ir import add_places, write
from modelyard_tools.weights.conversion.mobilenet import mobilenet_v2
from modelyard_tools.weights.conversion.tfjs import graph_from_tfjs
from modelyard_tools.weights.conversion.torch_checkpoint import read_checkpoint
from modelyard_tools.weights.errors import WeightsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return the exit code."""
    options = _parse(arguments)
    try:
        network = READERS[options.kind](options.folder)
        write(network, options.out, options.name, half=options.kind not in _FULL)
    except WeightsError as error:
        print(f"{options.name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def read_tfjs(folder: Path) -> openvino.Model:
    """Read the TensorFlow.js graph model `model.json`.

    Tensors keep TensorFlow's names ("image:0") and shapes, including dynamic ones.

    Raises:
        WeightsError: it cannot be read, or has operations that OpenVINO does not support.
    """
    model = folder / "model.json"  # contract: MODEL is that of a release
    graph = graph_from_tfjs(model)
    with tempfile.TemporaryDirectory(prefix="converting-") as temporary:
        frozen = Path(temporary, "graph.pb")
        frozen.write_bytes(graph)
        return _read(frozen, model)


def read_openvino(folder: Path) -> openvino.Model:
    """Read the model file in `folder` with OpenVINO's own frontends.

    Raises:
        WeightsError: there is not exactly one file, or OpenVINO cannot read it.
    """
    model = only(folder, "*")
    network = _read(model, model)
    for output in network.outputs:
        # TensorFlow's frontend also keeps the names of the operations before an output.
        name = output.node.get_friendly_name()
        if name in output.names:
            output.tensor.set_names({name})
    return network


def read_darknet(folder: Path) -> openvino.Model:
    """Read the .cfg and the .weights in `folder`.

    Raises:
        WeightsError: there is not exactly one of each, or they are not supported.
    """
    return network_from_darknet(only(folder, "*.cfg"), only(folder, "*.weights"))


def read_mobilenet(folder: Path) -> openvino.Model:
    """Read PyTorch's MobileNetV2, a .pt file, without running any code in it.

    Raises:
        WeightsError: there is not exactly one, or it is not a MobileNetV2.
    """
    return mobilenet_v2(read_checkpoint(only(folder, "*.pt")))


def read_dextr(folder: Path) -> openvino.Model:
    """Read DEXTR's checkpoint, a .pth file of PyTorch, without running any code in it.

    Raises:
        WeightsError: there is not exactly one, or it holds another network.
    """
    return dextr(read_checkpoint(only(folder, "*.pth")))


READERS: Final[dict[str, Callable[[Path], openvino.Model]]] = {
    "tfjs": read_tfjs,
    "openvino": read_openvino,
    "darknet": read_darknet,
    "torch-mobilenetv2": read_mobilenet,
    "torch-dextr": read_dextr,
}

# Rounded to fp16, DEXTR's probabilities change by up to 0.015.
_FULL: Final = ("torch-dextr",)


def _read(file: Path, model: Path) -> openvino.Model:
    try:
        return openvino.Core().read_model(file)
    except RuntimeError as error:
        raise WeightsError(f"OpenVINO cannot convert {model}: {_reason(error)}") from error


def _reason(error: RuntimeError) -> str:
    """Return the findings in OpenVINO's message, or its last line; the rest is source locations."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    findings = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
    return "; ".join(findings or lines[-1:])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="modelyard_tools.weights.conversion.convert", description=__doc__.split("\n")[0]
    )
    parser.add_argument("kind", choices=READERS, help="format of the download")
    add_places(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
