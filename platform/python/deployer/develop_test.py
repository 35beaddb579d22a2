"""`serve` as a process, whose sources are edited while it runs."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployer.testing import Deployer
from embedded.testing.process import until
from embedded.testing.releases import HANDLER, FakeRelease

_BROKEN = "import a_module_that_is_not_there"


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

    def answer(self) -> httpx.Response:
        return httpx.post(self._url, content=b"x", timeout=30)

    def is_version(self, version: str) -> bool:
        response = self.answer()
        return response.status_code == 200 and response.json()["version"] == version


@pytest.fixture
def served(deployer: Deployer, tmp_path: Path) -> Iterator[Served]:
    sources = tmp_path / "working copy"
    sources.mkdir()
    (sources / "tiny.py").write_text(HANDLER.format(version="edited"))
    build = deployer.build(FakeRelease(name="echo", port=1))
    process = deployer.start("serve", "--sources", str(sources), "--port", "0", build=build)
    try:
        yield Served(process, sources)
    finally:
        process.kill()
        process.communicate()


def test_modules_come_from_the_working_copy_and_follow_edits(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    served.edit(HANDLER.format(version="again"))
    until(lambda: served.is_version("again"))


def test_code_that_cannot_load_answers_why_until_it_is_mended(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    served.edit(_BROKEN)
    until(lambda: served.answer().status_code == 503)
    assert "a_module_that_is_not_there" in served.answer().json()["error"]
    served.edit(HANDLER.format(version="mended"))
    until(lambda: served.is_version("mended"))


def test_ctrl_c_ends_it_and_its_workers(served: Served) -> None:
    until(lambda: served.is_version("edited"))
    worker = int(served.answer().json()["pid"])
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(timeout=60) == 0
    assert not Path(f"/proc/{worker}").exists()


def test_a_blocked_function_is_not_served(deployer: Deployer, tmp_path: Path) -> None:
    build = deployer.build(FakeRelease(name="echo", port=1, blocked="no weights"))
    done = deployer.run("serve", "--sources", str(tmp_path), build=build)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("echo cannot run: no weights")
