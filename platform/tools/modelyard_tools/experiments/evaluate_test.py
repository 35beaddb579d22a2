"""Scoring functions against annotations: the command line, and the metrics by hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from modelyard.annotation import Attribute, Box, Mask, Polygon, Rectangle, Shape, Tag
from modelyard.serving.protocol.sample import sample_png
from modelyard_tools.experiments.cli import main
from modelyard_tools.experiments.clicking import Prompt, add_click, first_prompt, middle
from modelyard_tools.experiments.conversion import CROWD, TRACK
from modelyard_tools.experiments.datasets import Annotated, Truth
from modelyard_tools.experiments.detecting import average_precision
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.following import success, tracks
from modelyard_tools.experiments.testing.functions import Served

SIZE = (160, 120)
BOX = (40, 30, 120, 90)


def write_coco(path: Path, boxes: Sequence[Sequence[Box]], *, outlined: bool = False) -> None:
    """Write objects `bright` on the pictures 0.png, 1.png, …, and one `cat` on the first."""
    annotations: list[dict[str, Any]] = []
    for image, found in enumerate(boxes, start=1):
        for left, top, right, bottom in found:
            width, height = right - left, bottom - top
            outline = [left, top, right, top, right, bottom, left, bottom]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": 7,
                    "bbox": [left, top, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "segmentation": [outline] if outlined else [],
                }
            )
    images = [
        {"id": number, "file_name": f"{number - 1}.png", "width": SIZE[0], "height": SIZE[1]}
        for number in range(1, len(boxes) + 1)
    ]
    categories = [{"id": 7, "name": "Bright"}, {"id": 9, "name": "cat"}]
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


@pytest.fixture
def dataset(here: Path) -> Path:
    """A folder of two pictures, the second shifted by 10 pixels to the right."""
    (here / "set").mkdir()
    (here / "set" / "0.png").write_bytes(sample_png())
    pixels = np.asarray(PIL.Image.open(here / "set" / "0.png"))
    PIL.Image.fromarray(np.roll(pixels, 10, axis=1)).save(here / "set" / "1.png")
    return here / "set"


def run(platform: Served, *arguments: str) -> int:
    options = ["--images", "set", "--platform", platform.address]
    return main(["evaluate", *arguments, *options])


def test_a_detector_that_finds_all_has_a_map_of_one(
    dataset: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(Path("truth.json"), [[BOX], [(50, 30, 130, 90)]])
    assert run(platform, "bright", "--annotations", "truth.json", "--min-map", "0.99") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["Bright", "2", "1.000"]
    assert lines[2].startswith("mAP 1.000 (IoU 0.50 to 0.95), 1.000 at 0.50")
    assert lines[3] == "left out, since the function does not know them: cat"


def test_below_the_bar_the_exit_code_is_three(
    dataset: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(Path("truth.json"), [[BOX], [(0, 0, 20, 20)]])
    assert run(platform, "bright", "--annotations", "truth.json", "--min-map", "0.6") == 3
    assert "experiment: it is 0.5" in capsys.readouterr().err


def test_an_interactor_is_clicked_at_every_outline(
    dataset: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(Path("truth.json"), [[BOX], [(50, 30, 130, 60)]], outlined=True)
    assert run(platform, "cutter", "--annotations", "truth.json", "--clicks", "2") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["clicks", "mean", "IoU"], ["1", "0.750"], ["2", "0.750"], ["2", "objects"]]
    # One object is right at once, so its second request repeats the first.
    clicked = [(len(item["pos_points"]), len(item["neg_points"])) for item in platform.asked]
    assert clicked == [(1, 0), (1, 0), (1, 0), (1, 1)]
    assert platform.asked[0]["pos_points"] == [pytest.approx([80, 60], abs=21)]


TRACKS = """<annotations><version>1.1</version><meta><task><size>2</size><labels>
<label><name>box</name><attributes></attributes></label></labels>
<original_size><width>160</width><height>120</height></original_size></task></meta>
<track id="0" label="box">{boxes}</track></annotations>"""
TRACKED = (
    '<box frame="{frame}" outside="0" occluded="0" keyframe="1" '
    'xtl="{0}" ytl="{1}" xbr="{2}" ybr="{3}" z_order="0"></box>'
)


def test_a_tracker_follows_every_track(
    dataset: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        (dataset / f"{number}.png").rename(dataset / f"frame_{number:06d}.png")
    boxes = [TRACKED.format(*BOX, frame=0), TRACKED.format(50, 30, 130, 90, frame=1)]
    Path("truth.xml").write_text(TRACKS.format(boxes="".join(boxes)))
    assert run(platform, "follower", "--annotations", "truth.xml", "--min", "0.9") == 0
    lines = capsys.readouterr().out.splitlines()
    # An overlap of 1 exceeds every threshold but 1.
    assert lines[1].split() == ["box", "0", "0.952"]
    assert lines[2] == "success 0.952, precision 1.000 at 20 pixels, 1 frames"
    assert [len(item["states"]) for item in platform.asked] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["bright", "--annotations", "none.json"], 2, "none.json does not exist"),
        (["bright", "--annotations", "set/0.png"], 2, "neither COCO's .json nor CVAT's .xml"),
        (["bright", "--annotations", "bad.json"], 2, "cannot read the dataset"),
        (["bright", "--annotations", "bare.json"], 2, "the dataset has no annotations"),
        (["bright"], 2, "cannot read the dataset"),
        (
            ["everything", "--annotations", "truth.json"],
            1,
            "no objects with labels that the function",
        ),
        (
            ["cutter", "--annotations", "truth.json"],
            1,
            "on masks or polygons; the dataset has none",
        ),
        (["follower", "--annotations", "truth.json"], 1, "on tracks (track_id) of at least 2"),
        (
            ["finder", "--annotations", "truth.json"],
            1,
            "functions of type reid cannot be evaluated",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_reported_in_one_line(  # noqa: PLR0917 - a table of cases
    dataset: Path,
    platform: Served,
    arguments: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_coco(Path("truth.json"), [[BOX], []])
    write_coco(Path("bare.json"), [[], []])
    Path("bad.json").write_text("{")
    assert run(platform, *arguments) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_missing_picture_is_named(
    dataset: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(Path("truth.json"), [[BOX], [], [BOX]])
    assert run(platform, "bright", "--annotations", "truth.json") == 2
    assert "the picture 2.png of the dataset was not found" in capsys.readouterr().err


def score(annotated: list[list[Shape]], found: list[list[Shape]], labels: tuple[str, ...]) -> Any:
    truth = Truth(labels, [Annotated(f"{n}", SIZE, shapes) for n, shapes in enumerate(annotated)])
    seen = [Annotated(f"{n}", SIZE, shapes) for n, shapes in enumerate(found)]
    return average_precision(truth, seen, labels)


def test_precision_falls_with_overlap_and_false_objects() -> None:
    box = Rectangle("cat", (0, 0, 100, 100))
    loose = Rectangle("cat", (0, 0, 100, 77), confidence=0.9)
    assert score([[box]], [[loose]], ("cat",)).mean == pytest.approx(0.6)  # 0.50 … 0.75
    surer = Rectangle("cat", (110, 0, 130, 20), confidence=0.95)
    both = score([[box]], [[loose, surer]], ("cat",))
    assert (both.at_50, both.at_75, both.mean) == pytest.approx((0.5, 0.5, 0.3))
    assert score([[box]], [[]], ("cat",)).mean == 0
    assert score([[box, Tag("cat")]], [[loose, Tag("cat")]], ("cat",)).objects == {"cat": 1}


def test_masks_are_compared_by_pixels_unless_one_side_has_boxes() -> None:
    triangle = Polygon("cat", (0, 0, 100, 0, 0, 100))
    filled = Mask("cat", np.tri(100, dtype=np.bool_)[::-1], 0, 0, confidence=0.5)
    assert score([[triangle]], [[filled]], ("cat",)).by == "masks"
    assert score([[triangle]], [[filled]], ("cat",)).at_75 == pytest.approx(1)
    square = Rectangle("cat", (0, 0, 100, 100), confidence=0.5)
    assert score([[triangle]], [[square]], ("cat",)).by == "boxes"
    assert score([[triangle]], [[square]], ("cat",)).at_75 == pytest.approx(1)


def test_a_crowd_counts_as_neither_found_nor_missed() -> None:
    crowd = Rectangle("cat", (50, 50, 150, 110), attributes=(Attribute(CROWD, "true"),))
    box = Rectangle("cat", (0, 0, 40, 40))
    within = Rectangle("cat", (60, 60, 70, 70), confidence=0.9)
    found: list[Shape] = [Rectangle("cat", (0, 0, 40, 40), confidence=0.5), within]
    precision = score([[box, crowd]], [found], ("cat",))
    assert (precision.mean, precision.objects) == (pytest.approx(1), {"cat": 1})
    with pytest.raises(ExperimentError, match="no object"):
        score([[crowd]], [found], ("cat",))


def test_labels_are_paired_whatever_their_spelling() -> None:
    box = Rectangle("Traffic_Light", (0, 0, 40, 40))
    truth = Truth(("Traffic_Light", "zebra"), [Annotated("0", SIZE, [box])])
    found = [Annotated("0", SIZE, [Rectangle("traffic light", (0, 0, 40, 40))])]
    precision = average_precision(truth, found, ["traffic light"])
    assert precision.labels == {"Traffic_Light": pytest.approx(1)}
    assert precision.unknown == ("zebra",)
    with pytest.raises(ExperimentError, match="no objects with labels"):
        average_precision(truth, found, ["cat"])


def test_labels_that_differ_only_in_spelling_are_one() -> None:
    boxes = [Rectangle(name, (0, 0, 40, 40)) for name in ("hot_dog", "Hot dog")]
    truth = Truth(
        ("hot_dog", "Hot dog"),
        [Annotated(name, SIZE, [box]) for name, box in zip("01", boxes, strict=True)],
    )
    found = [Annotated(name, SIZE, [Rectangle("hot dog", (0, 0, 40, 40))]) for name in "01"]
    assert average_precision(truth, found, ["hot dog"]).at_50 == pytest.approx(1)


def test_what_a_function_without_labels_never_reports_is_missed(
    dataset: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(Path("truth.json"), [[BOX], []])
    truth = json.loads(Path("truth.json").read_text())
    cat = {**truth["annotations"][0], "id": 2, "image_id": 2, "category_id": 9}
    truth["annotations"].append(cat)
    Path("truth.json").write_text(json.dumps(truth))
    assert run(platform, platform.address, "--annotations", "truth.json", "--min-map", "0.6") == 3
    assert ["cat", "1", "0.000"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_clicks_go_to_the_largest_error() -> None:
    target = np.zeros((20, 30), np.bool_)
    target[5:15, 5:15] = True
    assert middle(target) == pytest.approx([10, 10], abs=1)
    prompt = first_prompt(target, {"min_pos_points": "4", "startswith_box": "true"})
    assert prompt.positive == [[5.5, 5.5], [5.5, 5.5], [14.5, 5.5], [5.5, 14.5]]
    assert prompt.box == ([5, 5], [15, 15])
    prompt = Prompt([], [])
    mask = np.zeros_like(target)
    mask[5:15, 5:10] = True
    add_click(prompt, mask, target, negative=True)
    assert prompt.positive == [pytest.approx([12.5, 10], abs=3)]
    mask[:, 16:30] = True
    add_click(prompt, mask, target, negative=True)
    assert prompt.negative == [pytest.approx([23, 10], abs=4)]
    add_click(prompt, target | mask, target, negative=False)
    assert (len(prompt.positive), len(prompt.negative)) == (1, 1), "the function takes none"


def test_success_is_the_area_under_the_curve() -> None:
    assert success([1, 1]) == pytest.approx(20 / 21)
    assert success([0, 0]) == 0
    assert success([0.5, 0.5]) == pytest.approx(10 / 21)


def test_tracks_leave_out_what_is_outside_and_what_is_seen_once() -> None:
    def box(number: str, **more: str) -> Rectangle:
        marks = [Attribute(TRACK, number), *(Attribute(*item) for item in more.items())]
        return Rectangle("cat", (0, 0, 9, 9), attributes=tuple(marks))

    pictures = [
        Annotated("0", SIZE, [box("1"), box("2")]),
        Annotated("1", SIZE, [box("1"), box("2", outside="true"), Rectangle("cat", (0, 0, 9, 9))]),
        Annotated("2", SIZE, [box("1")]),
    ]
    (track,) = tracks(pictures)
    assert (track.name, sorted(track.boxes)) == ("cat 1", [0, 1, 2])
