"""Pages of other sites, in a browser on the same machine."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from console.chromium import REBOUND
from console.conftest import Deploy
from console.page import Console
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "index.html").write_text("<!doctype html><title>other</title>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_site_can_call_nothing(
    console: Console, platform: PlatformProcess, deploy: Deploy, other_site: str, method: str
) -> None:
    console.expected = ["403", "CORS", "ERR_FAILED", "favicon"]
    deploy(FakeRelease(name="echo", port=free_port()))
    before = platform.api("GET", "/console/api/functions/echo").json["requests"]
    console.driver.get(other_site)
    outcome = console.driver.execute_async_script(
        """
        const [url, method, done] = arguments;
        fetch(url, { method, headers: { "x-nuclio-function-name": "echo" } })
          .then(async (answer) => done(await answer.text()), (error) => done(error.name));
        """,
        f"http://127.0.0.1:{platform.port}/api/function_invocations",
        method,
    )
    assert outcome == "TypeError"
    assert platform.api("GET", "/console/api/functions/echo").json["requests"] == before


def test_another_site_cannot_frame_the_console(
    console: Console, platform: PlatformProcess, other_site: str
) -> None:
    console.expected = ["frame-ancestors", "favicon"]
    console.driver.get(other_site)
    console.script(
        """
        const frame = document.createElement("iframe");
        frame.src = arguments[0];
        document.body.append(frame);
        """,
        f"http://127.0.0.1:{platform.port}/",
    )
    refused: list[str] = []

    def is_refused() -> bool:
        refused.extend(console.complaints())
        return any("frame-ancestors" in text for text in refused)

    console.until(is_refused)


@pytest.mark.parametrize("path", ["/", "/console/api/functions", "/api/functions"])
def test_a_name_that_was_made_to_lead_here_reads_nothing(
    console: Console, platform: PlatformProcess, deploy: Deploy, path: str
) -> None:
    console.expected = ["403", "favicon"]
    deploy(FakeRelease(name="echo", port=free_port()))
    console.driver.get(f"http://{REBOUND}:{platform.port}{path}")
    text = console.text("body")
    assert "does not name this machine" in text
    assert "echo" not in text
