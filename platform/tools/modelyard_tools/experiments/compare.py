"""`compare`: two detectors, or two versions of one, on the same pictures."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from matplotlib.figure import Figure

from modelyard.imaging import Image, draw
from modelyard_contract.function_types import DETECTOR
from modelyard_tools.experiments.agreement import pair_up
from modelyard_tools.experiments.asking import Seen, require_type, see
from modelyard_tools.experiments.errors import UsageError
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.pictures import Pictures
from modelyard_tools.experiments.predict import save_drawing
from modelyard_tools.experiments.progress import print_table, with_progress


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a comparison.

    Objects with an intersection over union of at least `iou` (0..1) count as the same. `out` is the
    folder for the histogram and for side-by-side drawings of the pictures with disagreements.
    """

    first: Function
    second: Function
    pictures: Pictures
    threshold: float
    iou: float
    out: Path | None = None


class Tally(msgspec.Struct):
    """How often the two agree on a label; `ious` has one number per common object."""

    first: int = 0
    second: int = 0
    ious: list[float] = msgspec.field(default_factory=list)

    @property
    def agreement(self) -> float:
        """The share of all objects that both found, 0..1 (Dice's coefficient)."""
        found = self.first + self.second
        return 2 * len(self.ious) / found if found else 1.0


def compare(comparison: Comparison) -> float:
    """Call both with every picture; print how well they agree and return the agreement, 0..1.

    Raises:
        ExperimentError: a picture, an answer or the folder is wrong.
    """
    for function in (comparison.first, comparison.second):
        require_type(function, DETECTOR)
    tallies: dict[str, Tally] = defaultdict(Tally)
    for picture in with_progress(comparison.pictures, "comparing"):
        seen = see(comparison.first, picture, comparison.threshold)
        other = see(comparison.second, picture, comparison.threshold)
        if not _agree(seen, other, comparison, tallies) and comparison.out:
            drawing = _side_by_side(seen, other, comparison)
            save_drawing(drawing, comparison.out, picture.name)
    if comparison.out:
        _save_histogram(tallies, comparison, comparison.out / "iou.png")
    return _print_tallies(tallies, comparison)


def _agree(seen: Seen, other: Seen, comparison: Comparison, tallies: dict[str, Tally]) -> bool:
    """Count the objects on one picture; return whether both found the same ones."""
    first, second = seen.found.shapes, other.found.shapes
    for shape in first:
        tallies[shape.label].first += 1
    for shape in second:
        tallies[shape.label].second += 1
    pairs = pair_up(first, second, seen.found.size, comparison.iou)
    for pair in pairs:
        tallies[first[pair.first].label].ious.append(pair.iou)
    return len(pairs) == len(first) == len(second)


def _side_by_side(seen: Seen, other: Seen, comparison: Comparison) -> Image:
    halves = [
        draw(half.image, half.found.shapes, function.labels).pixels
        for half, function in ((seen, comparison.first), (other, comparison.second))
    ]
    return Image.from_pixels(np.concatenate(halves, axis=1))


def _save_histogram(tallies: dict[str, Tally], comparison: Comparison, path: Path) -> None:
    """Draw a histogram of how well boxes or masks of common objects match."""
    ious = [iou for tally in tallies.values() for iou in tally.ious]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(ious, bins=20, range=(0, 1))
    axes.set(
        title=f"{comparison.first.name} and {comparison.second.name}: {len(ious)} common objects",
        xlabel="intersection over union",
        ylabel="objects",
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _print_tallies(tallies: dict[str, Tally], comparison: Comparison) -> float:
    total = Tally(
        sum(tally.first for tally in tallies.values()),
        sum(tally.second for tally in tallies.values()),
        [iou for tally in tallies.values() for iou in tally.ious],
    )
    headings = ["label", "first", "second", "both", "agreement", "mean IoU"]
    rows = [_row(label, tally) for label, tally in sorted(tallies.items())]
    print(f"first: {comparison.first.name}, second: {comparison.second.name}")
    print_table(headings, [*rows, _row("all", total)])
    if comparison.out:
        print(f"written to {comparison.out}")
    return total.agreement


def _row(label: str, tally: Tally) -> Sequence[object]:
    mean = float(np.mean(tally.ious)) if tally.ious else None
    return [label, tally.first, tally.second, len(tally.ious), tally.agreement, mean]
