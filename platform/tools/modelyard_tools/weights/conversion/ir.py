"""OpenVINO's files, the same bytes for the same network."""

import argparse
import tempfile
from pathlib import Path

import openvino


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add `folder`, where a tool reads, and `out` and `name`, where it writes an IR."""
    parser.add_argument("--in", type=Path, required=True, dest="folder", help="what is read")
    parser.add_argument("--out", type=Path, required=True, help="where the IR is written")
    parser.add_argument("--name", required=True, help="name of the files, without ending")


def write(network: openvino.Model, out: Path, name: str, *, half: bool) -> None:
    """Write `<name>.xml` and `<name>.bin` to `out`, both or neither; `half`: weights in fp16."""
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
    """Name operations by their place: what OpenVINO calls them depends on what it did before."""
    for index, operation in enumerate(network.get_ordered_ops()):
        kind = operation.get_type_name()
        operation.set_friendly_name(f"{scope}{kind}_{index}")
        if kind in {"Loop", "TensorIterator"}:
            _number_operations(operation.get_function(), f"{operation.get_friendly_name()}/")
