"""Compares our image builds with Dockerfiles: `tests/benchmarks/images/run`.

The usual way is what `nuctl deploy` builds for one of CVAT's functions: a Dockerfile with the steps
in `build.directives` of its function.yaml (apt packages, one `pip install` of the function's
imports, weights), then the code, then the steps that Nuclio adds for Python. Also measured is the
same Dockerfile without Nuclio's steps, as written by hand.

All start with their base image and the functions' weights, but without any packages or other
layers. Pants' one-time set-up, including its tools, is on a separate line. All end with the image
in the same engine. In the usual way pip caches no wheels, as in CVAT's files; ours caches unpacked
packages. Then all rebuild after adding a line to one handler, to the handlers of all ten functions,
and after adding one requirement. Edits are made in turns, and medians are shown; also the bytes
that five functions occupy in an engine, each layer counted once.

Exit code 1: ours is behind Nuclio's in a line.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.images.ours import Ours
from benchmarks.images.usual import Usual

_FIRST: Final = "face_detection"
_FIVE: Final = [_FIRST, "coco_ssd", "person_reid", "sam", "text_detection"]
# The last one's weights may not be available without MODELYARD_WEIGHTS_MIRROR.
_TEN: Final = [
    *_FIVE,
    *("coco_instances", "pedestrian_ssdlite", "salient_object", "yolo_v3_tiny", "nanotrack"),
]
_ADDED: Final = "toolz"
_EDITS: Final = 5

Way = Ours | Usual


class Row(NamedTuple):
    """A line of the table: numbers in the unit given in `what`; only `ours` if others have none."""

    what: str
    ours: float
    nuclio: float | None = None
    alone: float | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--base", required=True, help="an image with apt and pip, in the engine")
    options = parser.parse_args(argv)
    ahead = True
    print("| | ours | Nuclio | Dockerfile alone |\n|---|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory(prefix="images-") as scratch:
        for row in compare(Path.cwd(), options.base, Path(scratch)):
            cells = ["-" if number is None else f"{number:.2f}" for number in row[1:]]
            print(f"| {row.what} | {' | '.join(cells)} |", flush=True)
            ahead = ahead and (row.nuclio is None or row.ours < row.nuclio)
    return int(not ahead)


def compare(repository: Path, base: str, scratch: Path) -> Iterator[Row]:
    """Build everything in all three ways; yield the lines of the table."""
    ours = Ours(repository, scratch)
    try:
        yield Row("Pants, its tools and the base, once, s", _seconds(ours.set_up))
        nuclio = Usual(ours, base, scratch, _TEN, nuclio=True)
        alone = Usual(ours, base, scratch, _TEN, nuclio=False)
        yield from _compare(ours, nuclio, alone)
    finally:
        ours.stop()


def _compare(ours: Ours, nuclio: Usual, alone: Usual) -> Iterator[Row]:
    ways: Sequence[Way] = (ours, nuclio, alone)
    yield Row("first build, s", *(_seconds(way.build, _FIRST) for way in ways))
    before = [way.layers(_FIRST) for way in ways]
    yield Row("after an edit of the handler, s", *_after_edits(ways, [_FIRST]))
    new = (_new(old, way.layers(_FIRST)) for old, way in zip(before, ways, strict=True))
    yield Row("bytes that the edits make new, kB", *(size / 1e3 for size in new))
    others = _FIVE[1:]
    yield Row("four more functions, s", *(_seconds(way.build, *others) for way in ways))
    total = (_total([way.layers(name) for name in _FIVE]) for way in ways)
    yield Row("bytes of the five functions, MB", *(size / 1e6 for size in total))
    for way in ways:
        way.build(*_TEN)
    yield Row("after an edit of ten handlers, s", *_after_edits(ways, _TEN))
    yield Row("after a new requirement, s", *(_seconds(_add, way) for way in ways))


def _after_edits(ways: Sequence[Way], functions: list[str]) -> Iterator[float]:
    """Yield for each way the median seconds of a rebuild after an edit of the handlers."""
    taken: list[list[float]] = [[] for _ in ways]
    for number in range(_EDITS):
        for way, seconds in zip(ways, taken, strict=True):
            for name in functions:
                handler = way.handler(name)
                handler.write_text(f"{handler.read_text()}\nEDITED_{number} = True\n")
            seconds.append(_seconds(way.build, *functions))
    yield from map(statistics.median, taken)


def _add(way: Way) -> None:
    way.add_requirement(_FIRST, _ADDED)
    way.build(_FIRST)


def _new(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(size for layer, size in after.items() if layer not in before)


def _total(images: list[dict[str, int]]) -> int:
    return sum({layer: size for image in images for layer, size in image.items()}.values())


def _seconds(work: Callable[..., None], *given: object) -> float:
    began = time.monotonic()
    work(*given)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
