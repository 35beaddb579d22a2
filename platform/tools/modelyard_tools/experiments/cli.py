"""The command line of `./pants experiment`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from modelyard_contract import variables
from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_contract.version import VERSION
from modelyard_tools.experiments.compare import Comparison, compare
from modelyard_tools.experiments.datasets import Listed, read_dataset
from modelyard_tools.experiments.errors import ExperimentError, UsageError
from modelyard_tools.experiments.evaluate import evaluate
from modelyard_tools.experiments.functions import default_platform, find_function
from modelyard_tools.experiments.pictures import Pictures, pictures_of
from modelyard_tools.experiments.predict import FORMATS, Prediction, predict

_BELOW: Final = 3
_EXITS: Final = "exit codes: 0 done, 1 failed, 2 wrong usage, 3 below --min-map or --min"
_WHICH: Final = "name of a function on the platform, or its http:// address"
_FRAMES: Final = "videos: use every Nth frame (default: 1)"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    try:
        options = _parser().parse_args(argv)
        return int(options.run(options))
    except ExperimentError as error:
        print(f"experiment: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


def _predict(options: argparse.Namespace) -> int:
    with find_function(options.function, options.platform) as function:
        predict(
            Prediction(
                function=function,
                pictures=_pictures(options),
                thresholds=options.threshold,
                out=_path(options.out),
                formats=options.format or FORMATS,
            )
        )
    return 0


def _compare(options: argparse.Namespace) -> int:
    with (
        find_function(options.first, options.platform) as first,
        find_function(options.second, options.platform) as second,
    ):
        agreement = compare(
            Comparison(
                first=first,
                second=second,
                pictures=_pictures(options),
                threshold=options.threshold,
                iou=options.iou,
                out=_path(options.out),
            )
        )
    return _verdict("the agreement", agreement, options.min)


def _evaluate(options: argparse.Namespace) -> int:
    truth = read_dataset(_path(options.images), _path(options.annotations))
    with find_function(options.function, options.platform, options.type) as function:
        headline = evaluate(function, truth, options.clicks)
    return _verdict("it", headline, options.min)


def _verdict(what: str, value: float, least: float | None) -> int:
    if least is None or value >= least:
        return 0
    print(f"experiment: {what} is {value:.3f}, below {least:g}", file=sys.stderr)
    return _BELOW


def _pictures(options: argparse.Namespace) -> Pictures:
    images, annotations = _path(options.images), _path(options.annotations)
    if annotations is not None:
        return Listed(read_dataset(images, annotations))
    if images is None:
        raise UsageError("pass --images, or --annotations that list images")
    return pictures_of(images, options.every)


def _path(given: Path | None) -> Path | None:
    """Resolve a path against the folder where the command was typed."""
    return None if given is None else Path(os.environ.get(variables.CWD) or ".") / given


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="./pants experiment",
        description="Try functions on many pictures and score them.",
        epilog=_EXITS,
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_predict(commands.add_parser("predict", help="draw and write what a detector finds"))
    _add_compare(commands.add_parser("compare", help="compare two detectors on the same pictures"))
    _add_evaluate(commands.add_parser("evaluate", help="score a function against annotations"))
    return parser


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_predict)
    parser.add_argument("function", help=_WHICH)
    _add_pictures(parser)
    parser.add_argument(
        "--threshold",
        type=_fractions,
        default=[0.5],
        metavar="T[,T…]",
        help="minimum scores, 0..1; the table compares them (default: 0.5)",
    )
    parser.add_argument(
        "--format", choices=FORMATS, action="append", help="format to write to --out (default: all)"
    )


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_compare)
    parser.add_argument("first", help=_WHICH)
    parser.add_argument("second", help="another function, or another version of it")
    _add_pictures(parser)
    parser.add_argument("--threshold", type=_fraction, default=0.5, help="minimum score, 0..1")
    parser.add_argument(
        "--iou", type=_fraction, default=0.5, help="minimum overlap for the same object, 0..1"
    )
    parser.add_argument(
        "--min", type=_fraction, help="exit with 3 if the agreement, 0..1, is lower"
    )


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_evaluate)
    parser.add_argument("function", help=_WHICH)
    _add_annotations(parser)
    parser.add_argument(
        "--images", type=Path, help="folder of the annotated pictures, or of a whole dataset"
    )
    parser.add_argument(
        "--type",
        choices=FUNCTION_TYPES,
        default=FUNCTION_TYPES[0],
        help="type of a function given by its address (default: %(default)s)",
    )
    parser.add_argument(
        "--clicks", type=_count, default=5, help="interactors: clicks per object (default: 5)"
    )
    parser.add_argument(
        "--min-map",
        "--min",
        dest="min",
        type=_fraction,
        help="exit with 3 if mAP (detectors), IoU (interactors) or success (trackers) is lower",
    )
    _add_platform(parser)


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=Path, help="image, folder of images, or video")
    _add_annotations(parser)
    parser.add_argument("--every", type=_count, default=1, metavar="N", help=_FRAMES)
    parser.add_argument("--out", type=Path, help="folder to write to")
    _add_platform(parser)


def _add_annotations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--annotations", type=Path, help="annotations of the images: COCO's .json or CVAT's .xml"
    )


def _add_platform(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--platform",
        default=default_platform(),
        help="address of a platform or Nuclio dashboard (default: %(default)s)",
    )


def _fractions(text: str) -> list[float]:
    return sorted(_fraction(part) for part in text.split(","))


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not in 0..1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not an integer of at least 1")
    return value
