"""Writes OpenVINO's files reproducibly: the same network gives the same bytes."""

import argparse
import tempfile
from pathlib import Path

import openvino


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the arguments `folder`, the input, and `out` and `name`, the IR to write."""
    parser.add_argument("--in", type=Path, required=True, dest="folder", help="folder to read")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the IR to")
    parser.add_argument("--name", required=True, help="name of the files, without suffix")


def write(network: openvino.Model, out: Path, name: str, *, half: bool) -> None:
    """Write `<name>.xml` and `<name>.bin` to `out`, both or neither; `half` stores fp16 weights."""
    # Its own would count what this process converted before.
    network.set_friendly_name(name)
    _number_operations(network)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".converting-") as folder:
        converted = Path(folder, f"{name}.xml")
        openvino.save_model(network, converted, compress_to_fp16=half)
        for file in (converted.with_suffix(".bin"), converted):
            file.replace(out / file.name)


def _number_operations(network: openvino.Model, scope: str = "") -> None:
    """Name operations by position: OpenVINO's own names depend on what it did before."""
    for index, operation in enumerate(network.get_ordered_ops()):
        kind = operation.get_type_name()
        operation.set_friendly_name(f"{scope}{kind}_{index}")
        if kind in {"Loop", "TensorIterator"}:
            _number_operations(operation.get_function(), f"{operation.get_friendly_name()}/")
