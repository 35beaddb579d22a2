"""A CVAT server with one task and only the calls that the SDK's auto-annotation driver makes."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from cvat_sdk.version import VERSION

TASK = 12
TOKEN = "token-of-a-test"  # noqa: S105 - of a server that the test starts
_DATE = "2026-01-01T00:00:00Z"


class FakeCvat:
    """The state of the server.

    Attributes:
        address: Where it listens.
        uploads: The annotations that were sent, as decoded JSON, each with its query.
        problems: Requests that the real server would refuse.
    """

    def __init__(self, labels: Sequence[dict[str, Any]], pictures: Sequence[bytes]) -> None:
        """Hold a task with these labels and image files.

        `labels` are as functions declare them; ids are the server's own.
        """
        self.address = ""
        self.labels = [_label(label, number) for number, label in enumerate(labels, start=100)]
        self.pictures = pictures
        self.uploads: list[tuple[dict[str, list[str]], Any]] = []
        self.problems: list[str] = []

    def get(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        """Return the body of a reply; None if the path is unknown."""
        if path == f"/api/tasks/{TASK}/data":
            if (query["type"], query["quality"]) != (["chunk"], ["original"]):
                self.problems.append(f"data as {query}")
            return self._chunk(int(query["number"][0]))
        content = {
            "/api/server/about": {
                "name": "CVAT",
                "description": "",
                "version": VERSION,
                "subtitle": "",
                "logo_url": "",
            },
            "/api/users/self": {"id": 1, "username": "tester", "groups": []},
            f"/api/tasks/{TASK}": self._task(),
            "/api/labels": {
                "count": len(self.labels),
                "next": None,
                "previous": None,
                "results": self.labels,
            },
            f"/api/tasks/{TASK}/data/meta": self._meta(),
        }.get(path)
        return None if content is None else json.dumps(content).encode()

    def _task(self) -> dict[str, Any]:
        return {
            "id": TASK,
            "name": "photographs",
            "size": len(self.pictures),
            "data_chunk_size": 2,
            "data_original_chunk_type": "imageset",
            "updated_date": _DATE,
            "created_date": _DATE,
            "jobs": {"count": 1, "completed": 0, "validation": 0, "url": ""},
            "labels": {"url": ""},
            "organization": None,
        }

    def _meta(self) -> dict[str, Any]:
        frames = [
            {"name": f"{number}.png", "width": 160, "height": 120, "related_files": 0}
            for number in range(len(self.pictures))
        ]
        return {"chunks_updated_date": _DATE, "frames": frames, "deleted_frames": []}

    def _chunk(self, number: int) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for index, picture in enumerate(self.pictures[2 * number : 2 * number + 2]):
                archive.writestr(f"{index:06d}.png", picture)
        return file.getvalue()


def _label(label: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a label of a function as the server keeps it."""
    return {
        "id": number,
        "name": label["name"],
        "type": label["type"],
        "color": "#ff0000",
        "has_parent": False,
        "attributes": [
            {**attribute, "id": 10 * number + index, "mutable": False, "default_value": ""}
            for index, attribute in enumerate(label.get("attributes", []))
        ],
        "sublabels": [
            _label(joint, 10 * number + index)
            for index, joint in enumerate(label.get("sublabels", []))
        ],
    }


@contextmanager
def serving(cvat: FakeCvat) -> Iterator[FakeCvat]:
    """Serve on a loopback port."""

    class Handler(_Handler):
        state = cvat

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cvat.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield cvat
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: ClassVar[FakeCvat]

    def do_GET(self) -> None:
        """Answer from the state."""
        url = urlsplit(self.path)
        body = (
            self.state.get(url.path.rstrip("/"), parse_qs(url.query)) if self._allowed() else None
        )
        if body is None:
            self.state.problems.append(f"GET {self.path}")
        self._reply(404 if body is None else 200, body or b"{}")

    def do_PATCH(self) -> None:
        """Receive annotations."""
        url = urlsplit(self.path)
        content = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if url.path.rstrip("/") != f"/api/tasks/{TASK}/annotations" or not self._allowed():
            self.state.problems.append(f"PATCH {self.path}")
        self.state.uploads.append((parse_qs(url.query), content))
        self._reply(
            200, json.dumps({"version": 1, "tags": [], "shapes": [], "tracks": []}).encode()
        )

    do_PUT = do_PATCH  # noqa: N815 - the library's name

    def _allowed(self) -> bool:
        return self.path.startswith("/api/server/about") or TOKEN in str(
            self.headers["authorization"]
        )

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        kind = "application/zip" if body.startswith(b"PK") else "application/vnd.cvat+json"
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
