"""Detectors on many pictures, through the command line."""

import json
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from modelyard.annotation import Mask, Rectangle
from modelyard.serving.protocol.sample import sample_png
from modelyard_tools.experiments.cli import main
from modelyard_tools.experiments.datasets import read_dataset
from modelyard_tools.experiments.testing.functions import Served

BOX = (40, 30, 120, 90)


def run(platform: Served, *arguments: str) -> int:
    return main([*arguments, "--platform", platform.address])


def test_objects_in_a_folder_are_counted(
    here: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(platform, "predict", "bright", "--images", "photos", "--threshold", "0.95,0.5") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["label", ">=0.5", ">=0.95"],
        ["bright", "2", "0"],
        ["all", "2", "pictures", "2", "0"],
    ]
    assert [request["threshold"] for request in platform.asked] == [0.5, 0.5]


def test_a_picture_that_a_camera_holds_askew_is_sent_upright(
    here: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 8
    PIL.Image.open(here / "photos" / "a.png").save(here / "askew.png", exif=exif)
    assert run(platform, "predict", "bright", "--images", "askew.png", "--out", "out") == 0
    (found,) = json.loads((here / "out" / "answers.json").read_text())["askew.png"]
    # 160 x 120, turned anticlockwise: x is y, y is 160 - x.
    assert found["points"] == [30, 40, 90, 120]
    assert PIL.Image.open(here / "out" / "pictures" / "askew.png.png").size == (120, 160)


def test_everything_is_written(here: Path, platform: Served) -> None:
    assert run(platform, "predict", "bright", "--images", "photos", "--out", "out") == 0
    answers = json.loads((here / "out" / "answers.json").read_text())
    assert sorted(answers) == ["a.png", "more/b.png"]
    assert answers["a.png"][0]["points"] == list(BOX)
    drawn = np.asarray(PIL.Image.open(here / "out" / "pictures" / "more" / "b.png.png"))
    before = np.asarray(PIL.Image.open(here / "photos" / "more" / "b.png"))
    changed = np.argwhere((before != drawn).any(axis=2))
    assert abs(changed.max(axis=0) - [90, 120]).max() < 25


@pytest.mark.parametrize(
    ("format", "file"),
    [("coco", "coco/annotations/instances_default.json"), ("cvat", "cvat/default.xml")],
)
def test_what_is_written_can_be_read_as_a_dataset(
    here: Path, platform: Served, format: str, file: str
) -> None:
    options = ["--images", "photos", "--out", "out", "--format", format]
    assert run(platform, "predict", "bright", *options) == 0
    assert [path.name for path in (here / "out").iterdir()] == [format]
    truth = read_dataset(Path("photos"), Path("out") / file)
    assert truth.labels == ("bright",)
    assert [picture.name for picture in truth.pictures] == ["a.png", "more/b.png"]
    for picture in truth.pictures:
        (shape,) = picture.shapes
        assert isinstance(shape, Rectangle)
        assert shape.box == pytest.approx(BOX)
        assert shape.confidence == (None if format == "cvat" else pytest.approx(0.902, abs=1e-3))
        assert picture.size == (160, 120)
        assert picture.picture().file == sample_png()


def test_masks_polygons_and_attributes_reach_both_formats(
    here: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(platform, "predict", "everything", "--images", "photos/a.png", "--out", "out") == 0
    printed = capsys.readouterr().out
    assert "6 shapes left out: coco does not support their kind" in printed
    assert "3 shapes left out: cvat does not support their kind" in printed
    (coco,) = read_dataset(None, Path("out/coco/annotations/instances_default.json")).pictures
    assert sorted(shape.kind for shape in coco.shapes) == ["polygon", "polygon", "rectangle"]
    (cvat,) = read_dataset(Path("photos"), Path("out/cvat/default.xml")).pictures
    kinds = {shape.kind: shape for shape in cvat.shapes}
    assert sorted(kinds) == ["mask", "polygon", "polyline", "rectangle", "tag"]
    mask = kinds["mask"]
    assert isinstance(mask, Mask)
    assert np.count_nonzero(mask.bitmap) == np.count_nonzero(mask.bitmap[:, :16]) + 12 * 16
    assert [item.value for item in kinds["rectangle"].attributes if item.name == "size"] == [
        "large"
    ]


def test_the_pictures_of_a_dataset_are_those_that_it_lists(here: Path, platform: Served) -> None:
    options = ["--images", "photos/more", "--out", "out", "--format"]
    assert run(platform, "predict", "bright", *options, "cvat") == 0
    (here / "photos" / "b.png").write_bytes(sample_png())
    options += ["json", "--annotations", "out/cvat/default.xml"]
    assert run(platform, "predict", "bright", *options) == 0
    assert list(json.loads((here / "out" / "answers.json").read_text())) == ["b.png"]


@pytest.mark.parametrize("name", ["../a.png", "{here}/photos/a.png"])
def test_names_of_pictures_do_not_lead_out_of_the_folder(
    here: Path, platform: Served, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = name.format(here=here)
    write = ["predict", "bright", "--images", "photos/more", "--out", "out", "--format"]
    assert run(platform, *write, "cvat") == 0
    listed = (here / "out" / "cvat" / "default.xml").read_text()
    (here / "evil.xml").write_text(listed.replace('name="b.png"', f'name="{name}"'))
    options = ["--images", "photos/more", "--annotations", "evil.xml", "--out", "new/place"]
    assert run(platform, "predict", "bright", *options) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (here / "new").exists()


def test_frames_of_a_video_are_taken_at_a_step(
    here: Path, platform: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = np.asarray(PIL.Image.open(here / "photos" / "a.png"))
    writer = cv2.VideoWriter("walk.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for _ in range(5):
        writer.write(frame)
    writer.release()
    options = ["--every", "2", "--out", "out", "--format", "json"]
    assert run(platform, "predict", "bright", "--images", "walk.avi", *options) == 0
    answers = json.loads((here / "out" / "answers.json").read_text())
    assert list(answers) == [f"walk/frame_{number:06d}.png" for number in (0, 2, 4)]
    assert [len(found) for found in answers.values()] == [1, 1, 1]
    assert "all 3 pictures" in capsys.readouterr().out


def test_paths_start_where_the_command_was_typed(
    here: Path, platform: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("MODELYARD_CWD", str(here))
    assert run(platform, "predict", "bright", "--images", "photos", "--out", "out") == 0
    assert (here / "out" / "answers.json").exists()


def test_a_function_at_an_address_needs_no_platform(here: Path, platform: Served) -> None:
    assert (
        main(["predict", platform.address, "--images", "photos", "--platform", "http://[::1]:1"])
        == 0
    )
    assert len(platform.asked) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["predict", "dull", "--images", "photos"],
            1,
            "does not have a function 'dull'; it has: bright,",
        ),
        (["predict", "cutter", "--images", "photos"], 1, "this needs a detector"),
        (["predict", "bright", "--images", "none"], 2, "none does not exist"),
        (["predict", "bright", "--images", "empty"], 2, "empty contains no images"),
        (["predict", "bright", "--images", "broken.avi"], 2, "cannot read broken.avi as a video"),
        (["predict", "bright", "--images", "photos/notes.txt"], 1, "notes.txt: this is not an"),
        (["predict"], 2, "the following arguments are required: function; see --help"),
        (["predict", "bright"], 2, "pass --images, or --annotations that list images"),
        (
            ["predict", "bright", "--images", "photos", "--threshold", "0.5,2"],
            2,
            "2 is not in 0..1",
        ),
        (["predict", "bright", "--images", "photos", "--threshold", "x"], 2, "invalid"),
        (
            ["predict", "bright", "--images", "photos", "--every", "0"],
            2,
            "not an integer of at least 1",
        ),
        (["predict", "bright", "--images", "photos", "--out", "taken"], 2, "cannot write taken"),
        (["predict", "http://127.0.0.1:1", "--images", "photos"], 1, "no answer from http"),
        (["predict", "http://x:y", "--images", "photos"], 2, "not a valid address"),
    ],
)
def test_errors_are_one_line(  # noqa: PLR0917 - a table of cases
    here: Path,
    platform: Served,
    arguments: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (here / "empty").mkdir()
    (here / "broken.avi").write_bytes(b"RIFF")
    (here / "taken").write_text("a file")
    assert run(platform, *arguments) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_without_a_platform_the_error_says_how_to_start_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--images", "photos", "--platform", "http://127.0.0.1:1"]
    assert main(["predict", "bright", *options]) == 1
    assert "start a platform with `./pants run ::deploy`" in capsys.readouterr().err
