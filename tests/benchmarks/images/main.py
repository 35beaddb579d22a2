"""Our way of making images against the usual one, side by side: `tests/benchmarks/images/run`.

The usual one is a Dockerfile with the steps that CVAT's function.yaml files have under
`build.directives`: apt packages, one `pip install` of what the function imports, weights, code.

Both start from nothing but the usual one's base image: no wheel, no layer. They end with the image
in the same engine. Then both build again after one line was added to the handler, after one
requirement was added, and build four more functions. At last, the bytes that the five functions
take together in an engine, each layer counted once.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.images.ours import Ours
from benchmarks.images.usual import Usual

_FUNCTIONS: Final = ["coco_ssd", "face_detection", "person_reid", "sam", "text_detection"]
_ADDED: Final = "toolz"


class Row(NamedTuple):
    """A line of the table: two numbers in the unit that `what` names."""

    what: str
    ours: float
    usual: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--base", required=True, help="an image with apt and pip, in the engine")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="images-") as scratch:
        rows = compare(Path.cwd(), options.base, Path(scratch))
    print("| | ours | Dockerfile | times |\n|---|---:|---:|---:|")
    for what, ours, usual in rows:
        print(f"| {what} | {ours:.2f} | {usual:.2f} | {usual / ours:.1f} |")
    return int(any(row.ours >= row.usual for row in rows))


def compare(repository: Path, base: str, scratch: Path) -> list[Row]:
    """Build everything both ways; return the table."""
    ours = Ours(repository, scratch)
    usual = Usual(ours.folder, base, scratch, _FUNCTIONS)
    try:
        return _compare(ours, usual)
    finally:
        ours.stop()


def _compare(ours: Ours, usual: Usual) -> list[Row]:
    first, *others = _FUNCTIONS

    def timed(what: str, *functions: str) -> Row:
        return Row(
            f"{what}, s",
            _seconds(lambda: ours.build(*functions)),
            _seconds(lambda: usual.build(*functions)),
        )

    rows = [timed("first build", first)]
    before = (ours.layers(first), usual.layers(first))
    for way in (ours, usual):
        handler = way.handler(first)
        handler.write_text(f"{handler.read_text()}\nEDITED = True\n")
    rows.append(timed("after an edit of the handler", first))
    after = (ours.layers(first), usual.layers(first))
    new = (_new(*pair) for pair in zip(before, after, strict=True))
    rows.append(Row("bytes that the edit makes new, kB", *(size / 1e3 for size in new)))
    rows.append(timed("four more functions", *others))
    total = (_total([way.layers(name) for name in _FUNCTIONS]) for way in (ours, usual))
    rows.append(Row("bytes of the five functions, MB", *(size / 1e6 for size in total)))
    locking = _seconds(lambda: ours.add_requirement(_ADDED))
    usual.add_requirement(first, _ADDED)
    added = timed("after a new requirement", first)
    return [*rows, added._replace(ours=added.ours + locking)]


def _new(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(size for layer, size in after.items() if layer not in before)


def _total(images: list[dict[str, int]]) -> int:
    return sum({layer: size for image in images for layer, size in image.items()}.values())


def _seconds(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
