"""The details below the picture: request, response, curl, log, licence and origin."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from console.conftest import Deploy
from console.page import Console
from console.pictures import picture
from modelyard_tools.embedded.testing import tiny
from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

BOX = (100.0, 60.0, 220.0, 180.0)


@pytest.fixture
def detector(deploy: Deploy) -> FakeRelease:
    return deploy(tiny.bright_detector())


def answer_of(line: str, folder: Path) -> object:
    """Run a command in a shell, in a folder with the pictures."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    output = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, check=True
    )
    return json.loads(output.stdout)


def test_request_and_response_are_copied_whole(
    console: Console, tmp_path: Path, detector: FakeRelease
) -> None:
    file = picture(tmp_path / "bright.png", BOX)
    console.open(detector.name)
    console.choose(file)
    console.answered()
    sent = json.loads(console.copied("Request"))
    assert sent == {"image": base64.b64encode(file.read_bytes()).decode()}
    assert "more characters" in console.text("#panel-request pre")
    assert console.response() == [
        {"label": "bright", "type": "rectangle", "confidence": 1.0, "points": list(BOX)}
    ]
    assert "200 in" in console.text("#panel-response .text-head")


def test_the_time_is_shown(console: Console, tmp_path: Path, detector: FakeRelease) -> None:
    console.open(detector.name)
    console.choose(picture(tmp_path / "bright.png", BOX))
    console.answered()
    assert console.text(".timing").endswith((" ms.", " s."))


def test_the_curl_line_works_in_a_shell(
    console: Console, tmp_path: Path, detector: FakeRelease
) -> None:
    console.open(detector.name)
    console.choose(picture(tmp_path / "it's bright.png", BOX))
    console.answered()
    line = console.copied("curl")
    assert f"http://127.0.0.1:{detector.port}" in line
    assert answer_of(line, tmp_path) == console.response()


def test_the_curl_line_fetches_samples_and_keeps_prompts(
    console: Console, tmp_path: Path, deploy: Deploy
) -> None:
    deploy(tiny.bright_interactor())
    console.open("tiny-interactor")
    console.sample("Coffee")
    console.click(300, 100)
    console.answered()
    assert answer_of(console.copied("curl"), tmp_path) == console.response()


def test_the_log_is_live(console: Console, platform: PlatformProcess, deploy: Deploy) -> None:
    release = deploy(FakeRelease(name="echo", port=free_port()))
    console.open("echo")
    console.button("Log").click()
    console.until(lambda: "loading 1" in console.text("[role=log]"))
    request(release.port, "POST", "/print?text=hello-from-the-worker", b"")
    console.until(lambda: "hello-from-the-worker" in console.text("[role=log]"))
    request(release.port, "POST", "/print?text=and-again", b"")
    console.until(lambda: console.text("[role=log]").count("and-again") == 1)
    assert console.text("[role=log]").count("hello-from-the-worker") == 1


def test_the_figures_follow_the_requests(
    console: Console, tmp_path: Path, detector: FakeRelease
) -> None:
    def requests() -> int:
        names = console.all(".figures dt")
        values = console.all(".figures dd")
        (index,) = [i for i, name in enumerate(names) if name.text == "Requests"]
        return int(values[index].text.replace(",", ""))

    console.open(detector.name)
    before = requests()
    console.choose(picture(tmp_path / "bright.png", BOX))
    console.until(lambda: requests() == before + 1)


def test_licence_and_origin_are_shown(console: Console, deploy: Deploy) -> None:
    licence, origin = "Apache-2.0", "a paper of 1998"
    deploy(FakeRelease(name="licensed", port=free_port(), licence=licence, origin=origin))
    console.open("licensed")
    console.until(lambda: "Apache-2.0" in console.text(".title"))
    assert "a paper of 1998" in console.text(".origin")
    console.button("About").click()
    assert "Apache-2.0" in console.text(".about")
    assert "a paper of 1998" in console.text(".about")
