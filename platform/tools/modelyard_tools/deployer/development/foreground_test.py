"""`serve` as a process, whose sources are edited while it runs."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from modelyard.serving.protocol.sample import sample_request
from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.embedded.testing.process import until
from modelyard_tools.testing.releases import HANDLER, FakeRelease

_BROKEN = "import a_module_that_is_not_there"
_RAISING = """
def handler(context, event):
    return 1 / 0
"""


class Served:
    """A function served from `sources`."""

    def __init__(self, process: subprocess.Popen[str], sources: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self._file = sources / "tiny.py"
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found, process.stderr and process.stderr.read()
        self._url = found[0]

    def edit(self, text: str) -> None:
        self._file.write_text(text)

    def answer(self, path: str = "") -> httpx.Response:
        return httpx.post(f"{self._url}{path}", content=b"x", timeout=30)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self._url}{path}", timeout=30)

    def is_version(self, version: str) -> bool:
        response = self.answer()
        return response.status_code == 200 and response.json()["version"] == version


@pytest.fixture
def served(deployer: Deployer, tmp_path: Path) -> Iterator[Served]:
    sources = tmp_path / "working copy"
    sources.mkdir()
    (sources / "tiny.py").write_text(HANDLER.format(version="edited"))
    build = deployer.build(FakeRelease(name="echo", port=1))
    process = deployer.start("--source-root", str(sources), "serve", "--port", "0", build=build)
    try:
        yield Served(process, sources)
    finally:
        process.kill()
        process.communicate()


def test_modules_come_from_the_working_copy_and_follow_edits(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    served.edit(HANDLER.format(version="again"))
    until(lambda: served.is_version("again"))


def test_code_that_cannot_load_answers_why_until_it_is_fixed(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    served.edit(_BROKEN)
    until(lambda: served.answer().status_code == 503)
    answer = served.answer().json()
    assert answer["error"] == "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"
    assert any("tiny.py" in line for line in answer["traceback"]), "where it happened"
    (row,) = served.get("/console/api/functions").json()
    assert (row["state"], row["message"]) == ("error", answer["error"])
    assert answer["error"] in served.get("/console/api/functions/echo/logs").json()["text"]
    served.edit(HANDLER.format(version="fixed"))
    until(lambda: served.is_version("fixed"))


def test_an_error_in_the_handler_is_answered_with_its_traceback(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    served.edit(HANDLER.format(version="edited") + _RAISING)
    until(lambda: served.answer().status_code == 500)
    answer = served.answer().json()
    assert answer["error"] == "ZeroDivisionError: division by zero"
    assert any("in handler" in line for line in answer["traceback"])


def test_the_console_shows_the_one_function_and_calls_it(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    page = served.get("/")
    assert "<!doctype html>" in page.text.lower()
    script = re.search(r'src="(/?console/[^"]+\.js)"', page.text)
    assert script, page.text
    assert (
        served.get(f"/{script[1].lstrip('/')}")
        .headers["content-type"]
        .startswith("text/javascript")
    )
    row = served.get("/console/api/functions/echo").json()
    assert (row["name"], row["type"], row["state"]) == ("echo", "detector", "ready")
    listed = served.get("/api/functions").json()
    assert listed["echo"]["metadata"]["annotations"]["type"] == "detector"
    answer = served.answer("/api/function_invocations").json()
    assert (answer["method"], answer["version"]) == ("POST", "edited")
    offset = served.get("/console/api/functions/echo/logs").json()["offset"]
    assert served.get(f"/console/api/functions/echo/logs?offset={offset}").json()["text"] == ""


# Its boxes grow with the number of times it was loaded, plus `more`.
MODEL = """
import sys

from modelyard.annotation import Rectangle
from modelyard.serving.author.model import Detector


class Boxes(Detector):
    def load(self, assets, device):
        sys.loads = getattr(sys, "loads", 0) + 1
        self._number = sys.loads + {more}

    def detect(self, image, threshold):
        {answer}
"""
BOX = "return [Rectangle('seen', (0, 0, 10, {bottom} + self._number), confidence=1.0)]"


class ServedModel(Served):
    """The same, for a package with a model in it."""

    def answer_to_picture(self) -> httpx.Response:
        return httpx.post(self._url, content=sample_request("detector"), timeout=30)

    def boxes(self) -> list[list[float]]:
        response = self.answer_to_picture()
        response.raise_for_status()
        return [item["points"] for item in response.json()]

    def story(self) -> str:
        return str(self.get("/console/api/functions/boxes/logs").json()["text"])

    def sees(self, bottom: float) -> bool:
        try:
            return self.boxes() == [[0, 0, 10, bottom]]
        except httpx.HTTPStatusError:
            return False


@pytest.fixture
def model(deployer: Deployer, tmp_path: Path) -> Iterator[ServedModel]:
    package = tmp_path / "working copy" / "boxes"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "tiny.py").write_text(MODEL.format(more=0, answer=BOX.format(bottom=20)))
    described = {
        "schema": 1,
        "name": "boxes",
        "type": "detector",
        "model": "boxes.tiny",
        "labels": [{"id": 1, "name": "seen", "type": "rectangle"}],
    }
    release = FakeRelease(
        name="boxes", port=1, handler="modelyard.serving.worker.nuclio:handler", model=described
    )
    (package / "labels.json").write_text('["seen"]')
    roots = ["--source-root", str(package.parent), "--labels", str(package / "labels.json")]
    arguments = [*roots, "serve", "--port", "0"]
    process = deployer.start(*arguments, build=deployer.build(release))
    try:
        yield ServedModel(process, package)
    finally:
        process.kill()
        process.communicate()


def test_new_methods_use_the_weights_that_are_loaded(model: ServedModel) -> None:
    until(lambda: model.sees(21))
    model.edit(MODEL.format(more=0, answer=BOX.format(bottom=40)))
    until(lambda: model.sees(41))
    until(lambda: model.story().count("weights kept") == 1)
    model.edit(MODEL.format(more=5, answer=BOX.format(bottom=40)))
    until(lambda: model.sees(47))
    model.edit(MODEL.format(more=5, answer="this is no Python"))
    until(lambda: model.get("/console/api/functions").json()[0]["state"] == "error")
    response = model.answer()
    assert response.status_code == 503
    assert response.json()["error"].startswith("SyntaxError")
    model.edit(MODEL.format(more=5, answer=BOX.format(bottom=60)))
    until(lambda: model.sees(67))


def test_labels_edited_meanwhile_are_loaded_again(model: ServedModel, tmp_path: Path) -> None:
    labels = tmp_path / "working copy" / "boxes" / "labels.json"

    def listed() -> list[str]:
        metadata = model.get("/api/functions").json()["boxes"]["metadata"]
        return [label["name"] for label in json.loads(metadata["annotations"]["spec"])]

    until(lambda: model.sees(21))
    assert listed() == ["seen"]
    labels.write_text('["cat", "seen"]')
    until(lambda: listed() == ["cat", "seen"] and model.sees(21))
    (row,) = model.get("/console/api/functions").json()
    assert [label["name"] for label in row["labels"]] == ["cat", "seen"]
    # Without the label, its boxes would be dropped by CVAT.
    labels.write_text('["cat"]')
    until(lambda: model.answer_to_picture().status_code == 500)
    assert "seen" in model.answer_to_picture().json()["error"]
    labels.write_text('["cat", "cat"]')
    until(lambda: model.answer_to_picture().status_code == 503)
    assert "label name 'cat' twice" in model.answer_to_picture().json()["error"]
    # As some editors write: another file takes the name.
    (labels.parent / "new.json").write_text('["seen"]')
    (labels.parent / "new.json").rename(labels)
    until(lambda: model.sees(21))
    assert listed() == ["seen"]


def test_ctrl_c_ends_it_and_its_workers(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    worker = int(served.answer().json()["pid"])
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(timeout=60) == 0
    assert not Path(f"/proc/{worker}").exists()


def test_a_blocked_function_is_not_served(deployer: Deployer, tmp_path: Path) -> None:
    build = deployer.build(FakeRelease(name="echo", port=1, blocked="no weights"))
    done = deployer.run("--source-root", str(tmp_path), "serve", build=build)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("echo cannot run: no weights")
