"""The command line of `modelyard.serving.worker.predict`."""

import argparse
import math
import os
from pathlib import Path
from typing import NoReturn

from modelyard_contract import variables


class UsageError(Exception):
    """The command cannot be carried out; one line says why."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser; its errors are `UsageError`s."""
    found = _Parser(
        prog="predict",
        description="Run a model on an image, print its results, draw them on a copy.",
    )
    found.add_argument(
        "image", type=Path, nargs="+", help="the image; trackers: the first and those after it"
    )
    found.add_argument(
        "--assets",
        type=Path,
        default=os.environ.get(variables.ASSETS),
        required=variables.ASSETS not in os.environ,
        help=f"the function's folder, with model.json and weights (default: {variables.ASSETS})",
    )
    found.add_argument("--out", type=_png, help="where to save the image with the results, a .png")
    found.add_argument("--threshold", type=_fraction, help="minimum score, 0..1")
    found.add_argument("--device", default="cpu", help="cpu, cuda or cuda:<index>")
    found.add_argument("--json", action="store_true", help="print the reply that CVAT would get")
    found.add_argument(
        "--point",
        type=_point,
        action="append",
        default=[],
        metavar="X,Y",
        help="interactors: a click on the object (default: the centre of the image)",
    )
    found.add_argument(
        "--negative",
        type=_point,
        action="append",
        default=[],
        metavar="X,Y",
        help="interactors: a click off the object",
    )
    found.add_argument(
        "--box",
        type=_box,
        metavar="X0,Y0,X1,Y1",
        help="a box around the object: interactors, and trackers in the first image",
    )
    return found


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not in 0..1")
    return value


def _point(text: str) -> tuple[float, float]:
    x, y = _numbers(text, 2)
    return x, y


def _box(text: str) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = _numbers(text, 4)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _numbers(text: str, count: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise argparse.ArgumentTypeError(f"expected {count} numbers with commas, not {text!r}")
    return numbers


def _png(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"expected the name of a .png file, not {text!r}")
    return path
