"""The command line of `./pants new-function`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from scaffold.names import BadNameError, check_name
from scaffold.write import FRAMEWORKS, TYPES, write_function


def main(argv: Sequence[str] | None = None) -> int:
    """Write a function; return the exit code: 0 done, 1 failed, 2 wrong usage."""
    options = _parse(argv)
    repository = Path.cwd()
    try:
        check_name(options.name, repository)
        folder = write_function(
            repository, options.name, type=options.type, framework=options.framework
        )
    except BadNameError as error:
        print(f"new-function: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"new-function: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    path = os.path.relpath(folder, repository)
    print(
        f"{path} is a function of type {options.type} with a placeholder for the model. Next:\n"
        f"  1. put the model into {path}/handler.py\n"
        f"  2. ./pants test {path}::\n"
        f"  3. ./pants run {path}#cpu     serves it here and follows your edits\n"
        "  4. ./pants run ::deploy"
    )
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./pants new-function", description="Start a new function."
    )
    parser.add_argument("name", help="of the folder and the Python package, such as my_detector")
    parser.add_argument("--type", choices=TYPES, default=TYPES[0], help="(default: %(default)s)")
    parser.add_argument(
        "--framework",
        choices=FRAMEWORKS,
        default="openvino",
        help="what runs the model; ONNX and TensorFlow files run on OpenVINO (default: openvino)",
    )
    return parser.parse_args(argv)
