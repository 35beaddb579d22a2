"""What runs in a container of the docker double: a function that reports its version.

`MODELYARD_BEHAVIOUR` is JSON: `version`; `fails`, what it prints before it exits with 1; `loads`,
seconds until it is ready; `answers`, the status of its answers.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def main() -> int:
    """Serve events and health checks on two ports until killed."""
    behaviour = json.loads(os.environ["MODELYARD_BEHAVIOUR"])
    with open(os.environ["MODELYARD_CONFIG"]) as file:
        name = json.load(file)["metadata"]["name"]
    ready = threading.Event()
    health = _server("MODELYARD_HEALTH_PORT", lambda _: (200 if ready.is_set() else 503, {}))
    threading.Thread(target=health.serve_forever, daemon=True).start()
    print("loading", behaviour["version"], flush=True)
    time.sleep(behaviour.get("loads", 0))
    if behaviour.get("fails"):
        print(behaviour["fails"], flush=True)
        return 1
    reply = {"version": behaviour["version"], "name": name, "pid": os.getpid()}
    events = _server("MODELYARD_PORT", lambda _: (behaviour.get("answers", 200), reply))
    ready.set()
    events.serve_forever()
    return 0


def _server(variable: str, answer: Any) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, content = answer(body)
            self._reply(status, json.dumps(content).encode())

        do_GET = do_POST  # noqa: N815

        def _reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            print(format % arguments, flush=True)

    return ThreadingHTTPServer((os.environ["MODELYARD_HOST"], int(os.environ[variable])), Handler)


if __name__ == "__main__":
    sys.exit(main())
