"""Exports a torch network to OpenVINO IR, `<name>.xml` and `<name>.bin`, with unchanged weights.

    python -m modelyard_tools.weights.conversion.export MODULE --in DIR --out DIR --name NAME

MODULE has a function `export(weights: Path) -> openvino.Model`, which is called with DIR.

The same weights, code and version of OpenVINO give the same bytes. Exit code 0, or 1 with the
reason on the last line of stderr.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import openvino

from modelyard_tools.weights.conversion.ir import add_places, write
from modelyard_tools.weights.errors import WeightsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return the exit code."""
    options = _parse(arguments)
    try:
        write(_exported(options.module, options.folder), options.out, options.name, half=False)
    except Exception as error:
        # Whatever the author's code may raise; where it did is of use to the author.
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _exported(module: str, folder: Path) -> openvino.Model:
    export = getattr(importlib.import_module(module), "export", None)
    if not callable(export):
        raise WeightsError(f"{module} does not define export(weights: Path) -> openvino.Model")
    network = export(folder)
    if not isinstance(network, openvino.Model):
        raise WeightsError(
            f"export of {module} returned a {type(network).__name__}, not an openvino.Model; "
            "modelyard.inference.export.to_openvino makes one"
        )
    return network


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="modelyard_tools.weights.conversion.export", description=__doc__.split("\n")[0]
    )
    parser.add_argument("module", help="module with the function export")
    add_places(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
