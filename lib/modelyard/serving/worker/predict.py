"""Try a model on an image:
`python -m modelyard.serving.worker.predict --assets DIR IMAGE --out seen.png`.

Runs the class that serves requests, draws what CVAT would get on the image, turned
by its EXIF orientation and with shapes clipped to it, and prints a table. A tracker
gets a box in the first image and follows it through the others, the last of which is
drawn on.

Relative paths start at the folder MODELYARD_CWD, if set, since build tools do not
run programs in the user's working directory.

Exit status: 0 done, 1 the function cannot be loaded or is not written yet, 2 wrong
usage or an image that cannot be read.
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from modelyard.annotation import (
    AnnotationError,
    Mask,
    Rectangle,
    RequestError,
    Segment,
    Shape,
    Tag,
    TrackerRequest,
    bounding_box,
    clip,
    encode_detections,
    encode_segment,
    encode_tracks,
    visible,
)
from modelyard.imaging import (
    Image,
    ImageError,
    crop,
    decode_upright,
    draw,
    limits_from_env,
    save_png,
)
from modelyard.inference.device import Device, DeviceError
from modelyard.serving.author.assets import Assets, AssetsError
from modelyard.serving.author.model import Clicks, Detector, Interactor, NotWrittenError, Tracker
from modelyard.serving.author.params import ParamsError
from modelyard.serving.author.state import wrap_state
from modelyard.serving.protocol.development import own_package
from modelyard.serving.worker.endpoint import above, fitting
from modelyard.serving.worker.loading import ModelError, load_model
from modelyard.serving.worker.predict_options import UsageError, parser
from modelyard_contract import variables

_LIBRARY, _OPENVINO = "modelyard", "openvino"
_HEADINGS = ("label", "score", "left", "top", "right", "bottom")


class _FailedError(Exception):
    """The model cannot be run; the message says why."""


# Errors of the function rather than of the command.
_REFUSALS: Final = (
    AnnotationError,
    AssetsError,
    DeviceError,
    ModelError,
    NotWrittenError,
    ParamsError,
    _FailedError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    try:
        options = parser().parse_args(arguments)
        _run(options)
    except (UsageError, ImageError, RequestError) as error:
        return _fail(2, error)
    except _REFUSALS as error:
        return _fail(1, error)
    return 0


def _run(options: argparse.Namespace) -> None:
    here = Path(os.environ.get(variables.CWD) or ".")
    limits = limits_from_env(os.environ)
    images = [decode_upright(_read(here / path), limits) for path in options.image]
    assets = Assets.open(here / options.assets)
    with _failing_in_one_line(own_package(assets.model)):
        model = load_model(assets, Device.parse(options.device))
        if not isinstance(model, Detector | Interactor | Tracker):
            raise UsageError(
                f"{assets.name} is of type {assets.type}, which needs boxes in two images; "
                "use a detector, interactor or tracker"
            )
        if isinstance(model, Tracker) != (len(images) > 1):
            wanted = "a tracker needs a first image and at least one more"
            raise UsageError(wanted if isinstance(model, Tracker) else "expected one image")
        started = time.perf_counter()
        if isinstance(model, Tracker):
            seen = _follow(model, assets, images, options)
        else:
            seen = _see(model, assets, images[0], options)
        seconds = time.perf_counter() - started
    if options.out:
        _save(draw(images[-1], seen.drawn, assets.labels), here / options.out)
    if options.json:
        print(seen.reply().decode())
        return
    print(table(seen.shapes))
    noun = "object" if len(seen.shapes) == 1 else "objects"
    drawn = f"; drawn on {options.out}" if options.out else ""
    print(f"{len(seen.shapes)} {noun} in {seconds:.2f} s{drawn}")


@contextmanager
def _failing_in_one_line(package: str) -> Iterator[None]:
    """Make any error one line, except in `package`: its author needs the traceback."""
    try:
        yield
    except (UsageError, RequestError, *_REFUSALS):
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] == _LIBRARY:
            raise _FailedError(str(error)) from error
        frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
        roots = {str(frame.f_globals.get("__name__")).partition(".")[0] for frame in frames}
        if package != _LIBRARY and package in roots and _OPENVINO not in roots:
            raise
        raise _FailedError(f"{type(error).__name__}: {error}") from error


class _Seen(NamedTuple):
    """The model's results, and the reply that CVAT would get."""

    shapes: list[Shape]
    reply: Callable[[], bytes]
    last: list[Shape] | None = None

    @property
    def drawn(self) -> list[Shape]:
        """Return the shapes in the last image."""
        return self.shapes if self.last is None else self.last


def _see(
    model: Detector | Interactor, assets: Assets, image: Image, options: argparse.Namespace
) -> _Seen:
    threshold = model.default_threshold if options.threshold is None else options.threshold
    if isinstance(model, Detector):
        found = above(threshold, model.detect(image, threshold))
        shapes = list(visible(found, assets.labels, image.size))
        return _Seen(shapes, lambda: encode_detections(shapes, assets.labels, image.size))
    middle = (image.width / 2, image.height / 2)
    clicks = Clicks(
        positive=tuple(options.point) or (() if options.box else (middle,)),
        negative=tuple(options.negative),
        box=options.box,
        threshold=threshold,
    )
    segment = fitting(model.segment(image, clicks), image)
    return _Seen(_masks(segment, assets.display_name), lambda: encode_segment(segment))


def _follow(
    model: Tracker[Any], assets: Assets, images: Sequence[Image], options: argparse.Namespace
) -> _Seen:
    if options.box is None:
        raise UsageError("a tracker needs the --box around the object in the first image")
    start = Rectangle("", options.box)
    state = model.start(images[0], start)
    shapes: list[Shape] = []
    moved: Shape | None = start
    seen: list[Shape] = []
    for path, image in zip(options.image[1:], images[1:], strict=True):
        moved, state = model.step(image, state)
        seen = [] if moved is None else clip(moved, image.size)
        shapes += [msgspec.structs.replace(part, label=path.name) for part in seen]
    request = TrackerRequest(b"", (start,), (None,), "objects")
    return _Seen(
        shapes,
        lambda: encode_tracks([moved], [wrap_state(assets.name, state)], request, images[-1].size),
        shapes[-1:] if seen else [],
    )


def _masks(segment: Segment, label: str) -> list[Shape]:
    """Return the segment as a mask with this label; nothing if it is empty."""
    part = crop(segment.mask)
    if part is None:
        return []
    left, top = segment.bounds[:2] if segment.bounds else (0, 0)
    return [Mask(label, part.bitmap, part.left + left, part.top + top)]


def table(shapes: Sequence[Shape]) -> str:
    """Return the shapes as lines of aligned columns: label, score and box in pixels."""
    rows = [_HEADINGS, *(_row(shape) for shape in shapes)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _row(shape: Shape) -> tuple[str, ...]:
    score = "" if shape.confidence is None else f"{shape.confidence:.3f}"
    edges = () if isinstance(shape, Tag) else bounding_box(shape)
    cells = [shape.label, score, *(f"{edge:.0f}" for edge in edges)]
    return tuple(cells + [""] * (len(_HEADINGS) - len(cells)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _save(image: Image, path: Path) -> None:
    try:
        save_png(image, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _fail(status: int, error: Exception) -> int:
    print(f"predict: {' '.join(str(error).split())}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
