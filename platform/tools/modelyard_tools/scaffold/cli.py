"""The command line of `./pants new-function`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from modelyard_contract import variables
from modelyard_contract.frameworks import FRAMEWORKS, OPENVINO
from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_contract.heads import MODEL_API
from modelyard_contract.version import VERSION
from modelyard_tools.scaffold.names import BadNameError, check_name
from modelyard_tools.scaffold.network import Network, NetworkError, read_network
from modelyard_tools.scaffold.write import is_codeless, write_function


def main(argv: Sequence[str] | None = None) -> int:
    """Write a function; return the exit code: 0 done, 1 failed, 2 wrong usage."""
    options = _parse(argv)
    repository = Path.cwd()
    try:
        check_name(options.name, repository)
        network = read_network(_typed(options.model)) if options.model else None
        framework = _framework(options)
        folder = write_function(
            repository, options.name, type=options.type, framework=framework, network=network
        )
    except (BadNameError, NetworkError) as error:
        print(f"new-function: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"new-function: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    path = os.path.relpath(folder, repository)
    if network is not None and is_codeless(network, options.type):
        print(_next_with_head(path, network))
    else:
        print(_next_with_class(path, options.type))
    return 0


def _next_with_class(path: str, type: str) -> str:
    return (
        f"{path} is a new function of type {type}; it refuses requests until written. Next:\n"
        f"  1. put the model into {path}/handler.py\n"
        f"  2. ./pants test {path}::\n"
        f"  3. ./pants run {path}#cpu     serves it here and follows your edits\n"
        "  4. ./pants run ::deploy"
    )


def _next_with_head(path: str, network: Network) -> str:
    return (
        f"{path} is a detector without code, with head {network.head} (from {_source(network)}). "
        "Next:\n"
        f"  1. name its classes in {path}/labels.json ({len(network.classes)} now)\n"
        f"  2. ./pants run {path}#cpu-predict -- photo.jpg --out seen.png\n"
        f"  3. ./pants test {path}::\n"
        "  4. ./pants run ::deploy"
    )


def _source(network: Network) -> str:
    return "its own configuration" if network.head == MODEL_API else "its outputs"


def _framework(options: argparse.Namespace) -> str:
    """Return the requested framework, or else the one that runs the model file.

    Raises:
        NetworkError: the requested framework cannot run the file.
    """
    if options.model is None:
        return str(options.framework or OPENVINO)
    if options.framework not in {None, OPENVINO}:
        raise NetworkError(f"{options.model.name} runs on {OPENVINO}; leave --framework out")
    return OPENVINO


def _typed(path: Path) -> Path:
    """Resolve a path against the folder where the command was typed."""
    return Path(os.environ.get(variables.CWD) or ".") / path


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./pants new-function", description="Start a new function."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("name", help="folder and Python package name, such as my_detector")
    parser.add_argument(
        "--type",
        choices=FUNCTION_TYPES,
        default=FUNCTION_TYPES[0],
        help="type of the function (default: %(default)s)",
    )
    parser.add_argument(
        "--framework",
        choices=FRAMEWORKS,
        help="framework that runs the model; ONNX and TensorFlow files run on OpenVINO "
        f"(default: {OPENVINO})",
    )
    parser.add_argument(
        "--from",
        dest="model",
        type=Path,
        metavar="FILE",
        help="model file: .onnx, OpenVINO's .xml, a frozen TensorFlow graph (.pb) or .tflite",
    )
    return parser.parse_args(argv)
