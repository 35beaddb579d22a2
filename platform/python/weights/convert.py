"""Converts a downloaded model to OpenVINO IR: `<name>.xml` and `<name>.bin`, weights in fp16.

    python -m weights.convert tfjs --in DIR --out DIR --name NAME

The same input and version of OpenVINO give the same bytes. Exit code 0, or 1 with the reason on the
last line of stderr.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import openvino

from weights.errors import WeightsError
from weights.tfjs import graph_from_tfjs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return its exit code."""
    options = _parse(arguments)
    try:
        convert_tfjs(options.folder / "model.json", options.out, options.name)
    except WeightsError as error:
        print(f"{options.name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def convert_tfjs(model: Path, out: Path, name: str) -> None:
    """Write `<name>.xml` and `<name>.bin` to `out` from the TFJS graph model at `model`.

    Tensors keep TensorFlow's names ("image:0") and shapes, the dynamic ones too.

    Raises:
        WeightsError: the model cannot be read or has operations that OpenVINO does not know.
    """
    graph = graph_from_tfjs(model)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".converting-") as folder:
        frozen = Path(folder, "graph.pb")
        frozen.write_bytes(graph)
        try:
            network = openvino.Core().read_model(frozen)
        except RuntimeError as error:
            raise WeightsError(f"OpenVINO cannot convert {model}: {_reason(error)}") from error
        _number_operations(network)
        converted = Path(folder, f"{name}.xml")
        openvino.save_model(network, converted, compress_to_fp16=True)
        for file in (converted.with_suffix(".bin"), converted):
            file.replace(out / file.name)


def _number_operations(network: openvino.Model, scope: str = "") -> None:
    """Name operations by their place: what OpenVINO calls them depends on what it did before."""
    for index, operation in enumerate(network.get_ordered_ops()):
        kind = operation.get_type_name()
        operation.set_friendly_name(f"{scope}{kind}_{index}")
        if kind in {"Loop", "TensorIterator"}:
            _number_operations(operation.get_function(), f"{operation.get_friendly_name()}/")


def _reason(error: RuntimeError) -> str:
    """Return the findings in OpenVINO's message, else its last line; the rest is source places."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    findings = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
    return "; ".join(findings or lines[-1:])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="weights.convert", description=__doc__.split("\n")[0])
    kinds = parser.add_subparsers(title="formats", required=True)
    tfjs = kinds.add_parser("tfjs", help="TensorFlow.js graph model: model.json and its shards")
    tfjs.add_argument("--in", type=Path, required=True, dest="folder", help="where they are")
    tfjs.add_argument("--out", type=Path, required=True, help="where the IR is written")
    tfjs.add_argument("--name", required=True, help="name of the files, without ending")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
