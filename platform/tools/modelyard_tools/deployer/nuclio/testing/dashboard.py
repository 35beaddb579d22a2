"""A double of Nuclio's dashboard: its REST API on a port of the loopback interface."""

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import psutil

from modelyard_contract.nuclio import VERSION
from modelyard_tools.deployer.nuclio.testing.faults import CutError, FaultError
from modelyard_tools.deployer.nuclio.testing.platform import Nuclio, RefusedError

_WAIT: Final = "x-nuclio-wait-function-action"
_IGNORE_STATE: Final = "x-nuclio-delete-function-ignore-state-validation"


class FakeDashboard:
    """The server, running until `stop`; `port` stays the same when it is started again."""

    def __init__(self, root: Path) -> None:
        self.nuclio = Nuclio(root)
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        """The value for `--dashboard`."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start listening."""
        handler = type("Handler", (_Handler,), {"nuclio": self.nuclio})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening; requests in progress run to their end."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    nuclio: Nuclio

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_PUT(self) -> None:
        self._answer(self._put)

    def do_PATCH(self) -> None:
        self._answer(self._patch)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def _answer(self, handle: Any) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            self.nuclio.faults.strike(f"http {self.command}", self._client)
            content = json.loads(body) if body else {}
            status, answer = handle(content)
        except CutError:
            self.close_connection = True
            return
        except RefusedError as error:
            status, answer = error.status, {"error": str(error), "errorStackTrace": str(error)}
        except (ValueError, KeyError, FaultError) as error:
            status, answer = 400, {"error": str(error), "errorStackTrace": str(error)}
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _get(self, _: Any) -> tuple[int, Any]:
        match self.path.partition("?")[0].strip("/").split("/"):
            case ["api", "versions"]:
                return 200, {"dashboard": {"label": VERSION, "gitCommit": "", "os": "linux"}}
            case ["api", "projects"]:
                return 200, self.nuclio.projects()
            case ["api", "functions"]:
                return 200, self.nuclio.functions()
            case ["api", "functions", name]:
                found = self.nuclio.function(name)
                if found:
                    return 200, found
        raise RefusedError(404, "Not Found")

    def _post(self, content: Any) -> tuple[int, Any]:
        if self.path == "/api/projects":
            self.nuclio.create_project(content["metadata"]["name"])
            return 201, content
        if self.nuclio.function(content["metadata"]["name"]):
            raise RefusedError(409, "Cannot create two functions with the same name")
        return self._put(content)

    def _put(self, content: Any) -> tuple[int, Any]:
        """Deploy: the answer is 202, whatever the outcome."""
        noted = self.nuclio.accept(content)
        # Later the connection by which it is found will have ended.
        pid = self._client() if self.nuclio.faults.planted else 0
        work = threading.Thread(
            target=self.nuclio.carry_out, args=(noted, lambda: pid), daemon=True
        )
        work.start()
        if self.headers.get(_WAIT) == "true":
            work.join()
        self.nuclio.faults.strike("http PUT answer", self._client)
        return HTTPStatus.ACCEPTED, None

    def _patch(self, content: Any) -> tuple[int, Any]:
        """Deploy again; on Docker neither state nor port are stored."""
        found = self.nuclio.function(self.path.rpartition("/")[2])
        if found is None:
            raise RefusedError(404, "Not Found")
        before = dict(found["status"])
        self.nuclio.carry_out(found, self._client)
        found["status"] = before
        self.nuclio.store(found)
        return HTTPStatus.ACCEPTED, None

    def _delete(self, content: Any) -> tuple[int, Any]:
        force = self.headers.get(_IGNORE_STATE) == "true"
        self.nuclio.delete(content["metadata"]["name"], force=force)
        return HTTPStatus.NO_CONTENT, None

    def _client(self) -> int:
        """Return the process at the other end of the connection."""
        wanted = self.client_address[1]
        for connection in psutil.net_connections("tcp4"):
            if connection.laddr and connection.laddr[1] == wanted and connection.pid:
                return int(connection.pid)
        return 0

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: tests print what should be seen."""
