"""Two detectors on the same pictures, through the command line."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from modelyard.annotation import Mask, Polygon, Rectangle, Shape, Tag
from modelyard_tools.experiments.agreement import overlap, pair_up
from modelyard_tools.experiments.cli import main
from modelyard_tools.experiments.testing.functions import Served

SIZE = (40, 30)
FULL = Mask("cat", np.ones((10, 10), np.bool_), 5, 5)


def run(platform: Served, *arguments: str) -> int:
    return main(["compare", *arguments, "--images", "photos", "--platform", platform.address])


def test_two_versions_that_agree(
    here: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(platform, "bright", platform.address, "--out", "out", "--min", "1") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:4] == [
        ["label", "first", "second", "both", "agreement", "mean", "IoU"],
        ["bright", "2", "2", "2", "1.000", "1.000"],
        ["all", "2", "2", "2", "1.000", "1.000"],
    ]
    histogram = np.asarray(PIL.Image.open(here / "out" / "iou.png").convert("L"))
    assert (histogram < 200).mean() > 0.01, "bars are drawn"
    assert not (here / "out" / "pictures").exists(), "only disagreements are drawn"


def test_two_that_disagree_are_drawn_side_by_side(
    here: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(platform, "bright", "everything", "--out", "out", "--min", "0.5") == 3
    printed = capsys.readouterr()
    assert "the agreement is 0.000, below 0.5" in printed.err
    assert [line.split()[:4] for line in printed.out.splitlines()][-2][:4] == [
        "all",
        "2",
        "18",
        "0",
    ]
    drawn = PIL.Image.open(here / "out" / "pictures" / "more" / "b.png.png")
    assert drawn.size == (320, 120)


def test_objects_are_paired_by_label_and_overlap_each_once() -> None:
    first: list[Shape] = [Rectangle(name, (0, 0, 10, 10)) for name in ("cat", "dog")]
    first.append(Tag("wet"))
    second: list[Shape] = [
        Rectangle("cat", (0, 0, 10, 6)),
        Rectangle("cat", (0, 0, 10, 9)),
        Rectangle("dog", (20, 0, 30, 10)),
        Tag("wet"),
    ]
    pairs = {(pair.first, pair.second): pair.iou for pair in pair_up(first, second, SIZE, 0.5)}
    assert pairs == {(0, 1): pytest.approx(0.9), (2, 3): 1}
    assert pair_up([], second, SIZE, 0.5) == []
    assert pair_up(first[:1], second, SIZE, 0.95) == []


def test_masks_and_polygons_overlap_by_pixels_and_boxes_by_edges() -> None:
    half = Polygon("cat", (5, 5, 15, 5, 15, 10, 5, 10))
    ious = overlap([FULL, half], [FULL, Rectangle("cat", (5, 5, 15, 10)), Tag("cat")], SIZE)
    assert ious == pytest.approx(np.array([[1, 0.5, 0], [0.5, 1, 0]]))
