"""Functions with tiny models, served over HTTP like a platform with Nuclio's dashboard API."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from modelyard.serving.protocol.messages import Event
from modelyard.serving.testing import shapes, tiny
from modelyard.serving.worker.function import Function
from modelyard_contract import function_types, variables
from modelyard_contract.nuclio import DEFAULT_HANDLER
from modelyard_contract.release import MODEL

INTERACTOR = {"min_pos_points": "1", "min_neg_points": "0", "startswith_box_optional": "true"}


class Served:
    """A server with functions by name; `address` is where it listens."""

    def __init__(self, address: str, functions: Mapping[str, Function]) -> None:
        """Keep both; `asked` collects the decoded requests."""
        self.address = address
        self.functions = functions
        self.asked: list[Any] = []


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve `bright`, `everything` (detectors), `cutter` (interactor), `follower` (tracker).

    Each is a model of `modelyard.serving.testing`, loaded and called as workers do. Posts to the
    root reach `bright`.
    """
    models = {
        "bright": tiny.description(function_types.DETECTOR),
        "everything": tiny.description(function_types.DETECTOR, f"{shapes.MODULE}:EveryShape"),
        "cutter": tiny.description(function_types.INTERACTOR),
        "follower": tiny.description(function_types.TRACKER),
        "finder": tiny.description(function_types.REID),
    }
    models["everything"]["labels"] = shapes.labels()
    functions = {name: _load(folder / name, model) for name, model in models.items()}
    described = {name: _described(model) for name, model in models.items()}

    class Handler(_Handler):
        serves = Served("", functions)
        listing = json.dumps(described).encode()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.serves.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Handler.serves
    finally:
        server.shutdown()
        server.server_close()


def _load(folder: Path, model: Mapping[str, Any]) -> Function:
    folder.mkdir(parents=True)
    (folder / "weights").mkdir()
    (folder / MODEL).write_text(json.dumps(model))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variables.ASSETS, str(folder))
        return Function.load(DEFAULT_HANDLER)


def _described(model: Mapping[str, Any]) -> dict[str, Any]:
    annotations = {"name": model["display_name"], "type": model["type"]}
    if model["type"] == function_types.DETECTOR:
        annotations["spec"] = json.dumps(model["labels"])
    if model["type"] == function_types.INTERACTOR:
        annotations |= INTERACTOR
    return {"metadata": {"annotations": annotations}, "spec": {}, "status": {"state": "ready"}}


class _Handler(BaseHTTPRequestHandler):
    serves: ClassVar[Served]
    listing: ClassVar[bytes]

    def do_GET(self) -> None:
        """List the functions."""
        self._reply(200, self.listing)

    def do_POST(self) -> None:
        """Call a function."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.serves.asked.append(json.loads(body))
        name = self.headers.get("x-nuclio-function-name", "bright")
        event = Event("test", content_type="application/json", body=body)
        reply = self.serves.functions[name].handle(event)
        self._reply(reply.status, reply.body)

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
