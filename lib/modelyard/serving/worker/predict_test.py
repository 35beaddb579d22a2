"""The command that tries a model on an image."""

import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from modelyard.serving.protocol.sample import sample_png
from modelyard.serving.testing.tiny import write_assets
from modelyard.serving.worker.predict import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder with an image and the assets of a detector and an interactor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELYARD_CWD", raising=False)
    monkeypatch.delenv("MODELYARD_ASSETS", raising=False)
    (tmp_path / "photo.png").write_bytes(sample_png())
    for kind in ("detector", "interactor", "tracker", "reid"):
        write_assets(tmp_path / kind, kind)
    return tmp_path


def test_it_prints_a_table_and_draws(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assets", "detector", "photo.png", "--out", "seen.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "label   score  left  top  right  bottom",
        "bright  0.902    40   30    120      90",
    ]
    assert lines[2].startswith("1 object in 0.")
    assert lines[2].endswith("; drawn on seen.png")
    before = np.asarray(PIL.Image.open(io.BytesIO(sample_png())))
    after = np.asarray(PIL.Image.open(here / "seen.png"))
    changed = np.argwhere((before != after).any(axis=2))
    assert before.shape == after.shape
    assert len(changed) > 200, "the outline of a box of 80x60"
    assert abs(changed.min(axis=0) - [30, 40]).max() < 25
    assert abs(changed.max(axis=0) - [90, 120]).max() < 25


def test_the_threshold_is_applied(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assets", "detector", "photo.png", "--threshold", "0.95"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("0 objects in ")


def test_json_is_what_cvat_gets(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--assets", "detector", "photo.png", "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)
    assert (item["label"], item["points"]) == ("bright", [40, 30, 120, 90])
    assert main(["--assets", "interactor", "photo.png", "--json", "--point", "80,60"]) == 0
    assert np.sum(json.loads(capsys.readouterr().out)["mask"]) == 80 * 60


def test_an_interactor_takes_clicks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clicks = ["--point", "80,60", "--negative", "1,1", "--box", "120,90,40,30"]
    assert main(["--assets", "interactor", "photo.png", *clicks]) == 0
    assert "Tiny interactor           40   30    120      90" in capsys.readouterr().out


def test_a_tracker_follows_a_box_through_further_pictures(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = np.asarray(PIL.Image.open(io.BytesIO(sample_png())))
    PIL.Image.fromarray(np.roll(before, (4, 10), axis=(0, 1))).save(here / "second.png")
    pictures = ["photo.png", "second.png"]
    box = ["--box", "38,32,118,92"]
    assert main(["--assets", "tracker", *pictures, *box, "--out", "seen.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["second.png", "50", "34", "130", "94"]
    assert (here / "seen.png").exists()
    assert main(["--assets", "tracker", *pictures, *box, "--json"]) == 0
    reply = json.loads(capsys.readouterr().out)
    assert reply["shapes"] == [{"type": "rectangle", "points": [50, 34, 130, 94]}]
    assert len(reply["states"]) == 1


def test_a_lost_object_is_not_in_the_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PIL.Image.new("RGB", (160, 120)).save(here / "dark.png")
    arguments = ["--assets", "tracker", "photo.png", "dark.png", "--box", "40,30,120,90"]
    assert main([*arguments, "--out", "seen.png"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("0 objects in ")


CODE = """
from modelyard.serving.author.model import Detector
from modelyard.annotation import Rectangle
from modelyard.inference.heads.errors import HeadError
class Code(Detector):
    def load(self, assets, device): ...
    def detect(self, image, threshold):
        {answer}
"""
_names = (f"planted_{number}" for number in itertools.count())


@pytest.fixture
def code(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Plant a detector that has this answer; return the arguments that try it."""

    def plant(answer: str) -> list[str]:
        name = next(_names)
        (here / f"{name}.py").write_text(CODE.format(answer=answer))
        write_assets(here / f"of {name}", model=f"{name}:Code")
        return ["--assets", f"of {name}", "photo.png"]

    monkeypatch.syspath_prepend(str(here))
    return plant


def test_what_cvat_will_not_get_is_neither_counted_nor_drawn(
    here: Path, code: Callable[[str], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    # The image is 160 x 120.
    boxes = "(-20, 30, 40, 500), (200, 10, 300, 60), (10, 10, 10.2, 80)"
    answer = f"return [Rectangle('bright', box, confidence=0.9) for box in ({boxes})]"
    assert main([*code(answer), "--out", "seen.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["bright", "0.900", "0", "30", "40", "120"]
    assert lines[2].startswith("1 object in ")


def test_a_picture_that_a_camera_holds_askew_is_turned(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.open(here / "photo.png").save(here / "askew.png", exif=exif)
    assert main(["--assets", "detector", "askew.png", "--out", "seen.png"]) == 0
    # 160 x 120 with a box from 40, 30 to 120, 90, turned clockwise: x is 120 - y, y is x.
    assert capsys.readouterr().out.splitlines()[1].split()[2:] == ["30", "40", "90", "120"]
    assert PIL.Image.open(here / "seen.png").size == (120, 160)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("raise HeadError('planted: the head\\ndoes not fit')", "planted: the head does not fit"),
        ("return [Rectangle('unheard of', (1, 2, 30, 40))]", "unheard of"),
    ],
)
def test_an_error_that_names_the_problem_is_one_line(
    code: Callable[[str], list[str]],
    capsys: pytest.CaptureFixture[str],
    answer: str,
    message: str,
) -> None:
    assert main(code(answer)) == 1
    error = capsys.readouterr().err
    assert error.startswith("predict: ")
    assert message in error
    assert error.count("\n") == 1


def test_an_error_in_the_functions_own_code_keeps_its_traceback(
    code: Callable[[str], list[str]],
) -> None:
    with pytest.raises(ZeroDivisionError):
        main(code("return 1 / 0"))


def test_paths_start_where_the_command_was_typed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("MODELYARD_CWD", str(here))
    assert main(["--assets", "detector", "photo.png", "--out", "seen.png"]) == 0
    assert (here / "seen.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--assets", "detector"], "the following arguments are required: image; see --help"),
        (["photo.png"], "the following arguments are required: --assets; see --help"),
        (["--assets", "detector", "none.jpg"], "cannot read none.jpg: No such file or directory"),
        (["--assets", "detector", "text.jpg"], "this is not an image file"),
        (["--assets", "detector", "half.png"], "the image file is damaged"),
        (["--assets", "detector", "photo.png", "--threshold", "2"], "2 is not in 0..1"),
        (["--assets", "detector", "photo.png", "--threshold", "nan"], "nan is not in 0..1"),
        (["--assets", "detector", "photo.png", "--threshold", "abc"], "invalid"),
        (["--assets", "detector", "photo.png", "--out", "x.jpg"], "name of a .png file"),
        (["--assets", "detector", "photo.png", "--out", "no/x.png"], "cannot write no/x.png"),
        (["--assets", "detector", "photo.png", "--point", "1"], "expected 2 numbers"),
        (["--assets", "detector", "photo.png", "--box", "1,2,3,x"], "expected 4 numbers"),
        (["--assets", "reid", "photo.png"], "use a detector, interactor or tracker"),
        (
            ["--assets", "tracker", "photo.png", "--box", "1,2,3,4"],
            "a first image and at least one more",
        ),
        (["--assets", "tracker", "photo.png", "photo.png"], "needs the --box around the object"),
        (["--assets", "detector", "photo.png", "photo.png"], "expected one image"),
    ],
)
def test_wrong_usage_is_exit_2_with_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (here / "text.jpg").write_text("hello")
    (here / "half.png").write_bytes(sample_png()[:41])
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("predict: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_a_function_that_cannot_be_loaded_is_exit_1(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--assets", "nowhere", "photo.png"]) == 1
    assert "cannot read nowhere/model.json: No such file" in capsys.readouterr().err


def test_a_function_that_is_not_written_yet_is_exit_1_with_one_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "nothing.py").write_text(
        "from modelyard.serving.author.model import Detector, NotWrittenError\n"
        "class Nothing(Detector):\n"
        "    def load(self, assets, device): ...\n"
        "    def detect(self, image, threshold): raise NotWrittenError('a/handler.py')\n"
    )
    monkeypatch.syspath_prepend(str(here))
    write_assets(here / "unwritten", model="nothing:Nothing")
    assert main(["--assets", "unwritten", "photo.png", "--out", "seen.png"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "predict: there is no model here yet; write it in a/handler.py\n",
    )
    assert not (here / "seen.png").exists()


# A worker's or an author's process does not load a web server.
CLEAN = """
import sys
import {module}
loaded = {{name.partition(".")[0] for name in sys.modules}}
print(*sorted(loaded & {{"starlette", "uvicorn", "httpx", "anyio", "asyncio", "openvino"}}))
"""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("modelyard.serving.worker.nuclio", ""),
        ("modelyard.serving.worker.predict", ""),
        ("modelyard.serving.worker.main", ""),
        ("modelyard.serving.server.pool", "asyncio"),
        ("modelyard.serving.protocol.sample", ""),
    ],
)
def test_workers_and_authors_need_no_web_server(module: str, expected: str) -> None:
    output = subprocess.run(
        [sys.executable, "-c", CLEAN.format(module=module)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output.strip() == expected
