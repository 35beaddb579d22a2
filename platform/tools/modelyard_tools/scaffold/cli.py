"""The command line of `./pants new-function`."""

# ruff: noqa: PLC0415 - what reads networks is slow to import, and most new functions need none of it

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modelyard_contract import variables
from modelyard_contract.frameworks import FRAMEWORKS, OPENVINO
from modelyard_contract.function_types import DETECTOR, FUNCTION_TYPES
from modelyard_contract.heads import HEADS, MODEL_API
from modelyard_contract.version import VERSION
from modelyard_tools.scaffold.errors import NetworkError
from modelyard_tools.scaffold.names import BadNameError, check_name
from modelyard_tools.scaffold.report import seen, table
from modelyard_tools.scaffold.write import is_codeless, write_function

if TYPE_CHECKING:
    from modelyard.imaging import Image
    from modelyard.inference.readers.facts import Reading
    from modelyard_tools.scaffold.network import Network

NO_HEAD: Final = "none"


def main(argv: Sequence[str] | None = None) -> int:
    """Write a function; return the exit code: 0 done, 1 failed, 2 wrong usage."""
    options = _parse(argv)
    repository = Path.cwd()
    try:
        check_name(options.name, repository)
        network, image = _network(options), _picture(options)
        framework = _framework(options)
        drawing = Path(f"{options.name}_seen.png")
        found = None
        if image is not None and network is not None and is_codeless(network, options.type):
            from modelyard_tools.scaffold.preview import preview

            found = preview(options.name, network, image, _typed(drawing))
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
    if network is not None and network.reading is not None and is_codeless(network, options.type):
        if network.notice:
            print(network.notice)
        print(_next_with_head(path, network.reading))
        if found is not None:
            print(seen(options.picture, drawing, found))
    else:
        print(_next_with_class(path, options.type))
    return 0


def _network(options: argparse.Namespace) -> "Network | None":
    """Return the network in the given file, if any.

    Raises:
        NetworkError: it cannot be used, or options need a file.
    """
    if options.model is None:
        for flag, given in (
            ("--head", options.head),
            ("--option", options.option),
            ("--labels", options.labels),
            ("--picture", options.picture),
        ):
            if given:
                raise NetworkError(f"{flag} needs --from")
        return None
    from modelyard_tools.scaffold.network import read_network
    from modelyard_tools.scaffold.stated import Stated, labels_of, options_of

    heads = options.type == DETECTOR and options.head != NO_HEAD
    labels = labels_of(_typed(options.labels)) if options.labels else {}
    stated = Stated(
        head=options.head,
        options=options_of(options.option or ()),
        labels=labels,
        labelled_by=options.labels.name if options.labels else "",
    )
    return read_network(_typed(options.model), stated, heads=heads)


def _picture(options: argparse.Namespace) -> "Image | None":
    """Return the given picture, if any."""
    if options.picture is None:
        return None
    from modelyard_tools.scaffold.preview import read_picture

    return read_picture(_typed(options.picture))


def _next_with_class(path: str, type: str) -> str:
    return (
        f"{path} is a new function of type {type}; it refuses requests until written. Next:\n"
        f"  1. put the model into {path}/handler.py\n"
        f"  2. ./pants test {path}::\n"
        f"  3. ./pants run {path}#cpu     serves it here and follows your edits\n"
        "  4. ./pants run ::deploy"
    )


def _next_with_head(path: str, reading: "Reading") -> str:
    return (
        f"{path} is a detector without code. What it is, and how that is known:\n"
        f"{table(reading)}\n"
        "Next:\n"
        f"  1. ./pants run {path}#cpu-predict -- photo.jpg --out seen.png\n"
        f"  2. ./pants test {path}::\n"
        "  3. ./pants run ::deploy\n"
        f"Names are in {path}/labels.json, the rest in {path}/BUILD."
    )


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
        help="model file: .onnx, OpenVINO's .xml, a frozen TensorFlow graph (.pb), .tflite, "
        ".torchscript, or a checkpoint of Ultralytics (best.pt) or RF-DETR (.pth)",
    )
    parser.add_argument(
        "--head",
        choices=(*(head for head in HEADS if head != MODEL_API), NO_HEAD),
        help="decoder of its outputs, if the file does not show it; none for a class of your own",
    )
    parser.add_argument(
        "--option",
        action="append",
        metavar="KEY=VALUE",
        help="option of the head, such as activation=sigmoid; may be repeated",
    )
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="class names: text with one on each line, JSON, data.yaml or a label map (.pbtxt)",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="picture on which to draw what the network finds, in NAME_seen.png",
    )
    return parser.parse_args(argv)
