"""A real HTTP server on loopback that misbehaves on demand, and other shared test fixtures."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CONTENT = b"".join(number.to_bytes(4, "big") for number in range(375_000))


@dataclass
class Resource:
    """How requests for one path are answered.

    Attributes:
        content: The whole file.
        cuts: For each response in turn, the number of bytes after which the connection is dropped.
        statuses: For each request in turn, an error status to answer with instead.
        ranges: Whether a Range header is honoured.
        sized: Whether the length of the body is announced.
        location: Where the request is redirected to.
        headers: Further headers of every response.
        gate: Waited for halfway through the body.
    """

    content: bytes = CONTENT
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    sized: bool = True
    location: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None


class Site:
    """The server: resources by path, and the requests received as (path, Range header)."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.requested = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def serve(self, path: str, **settings: Any) -> str:
        """Answers `path` as `Resource(**settings)` says, and returns its URL."""
        self.resources[path] = Resource(**settings)
        return self.url(path)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            site.requests.append((self.path, asked))
            site.requested.set()
            resource = site.resources.get(self.path)
            if resource is None:
                self.send_error(404)
            elif resource.statuses:
                self.send_response(resource.statuses.pop(0))
                self._end(resource, 0)
            elif resource.location:
                self.send_response(302)
                self.send_header("Location", resource.location)
                self._end(resource, 0)
            else:
                self._answer(resource, asked)

        def _answer(self, resource: Resource, asked: str | None) -> None:
            start = 0
            if asked and resource.ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                total = len(resource.content)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            else:
                self.send_response(200)
            body = resource.content[start:]
            self._end(resource, len(body) if resource.sized else None)
            if resource.cuts:
                body = body[: resource.cuts.pop(0)]
            with contextlib.suppress(ConnectionError):  # The client may disconnect.
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                if resource.gate:
                    resource.gate.wait(60)
                self.wfile.write(body[len(body) // 2 :])

        def _end(self, resource: Resource, length: int | None) -> None:
            for name, value in resource.headers.items():
                self.send_header(name, value)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """The tests read `Site.requests` instead."""

    return Handler


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server for one test, reached without a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    site = Site()
    yield site
    for resource in site.resources.values():
        if resource.gate:
            resource.gate.set()
    site.close()


@pytest.fixture
def write_spec(tmp_path: Path) -> Callable[..., Path]:
    """Writes a spec file for `content` from `source`; keywords replace its fields."""

    def write(source: str, content: bytes = CONTENT, **fields: Any) -> Path:
        spec = {
            "name": "model",
            "source": source,
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "size": len(content),
        }
        path = tmp_path / "spec.json"
        path.write_text(json.dumps(spec | fields))
        return path

    return write
