"""An editor's side of the debug adapter protocol: just enough to set a breakpoint.

Messages are JSON after a `Content-Length` header; replies are matched by number, events by name.
https://microsoft.github.io/debug-adapter-protocol/specification
"""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Editor:
    """Attached to a debugger."""

    def __init__(self, port: int, seconds: float = 20.0, *, host: str = "127.0.0.1") -> None:
        """Connect and start to attach; nothing waits longer than `seconds`."""
        self._socket = socket.create_connection((host, port), timeout=seconds)
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._seen: list[dict[str, Any]] = []
        self.ask("initialize", adapterID="test", linesStartAt1=True, pathFormat="path")
        # Its reply arrives after the configuration is done.
        self._attaching = self._send("attach", justMyCode=False)
        self.event("initialized")

    def __enter__(self) -> Self:
        """Return the editor."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Detach, and leave the process running."""
        self._send("disconnect", terminateDebuggee=False)
        self._file.close()
        self._socket.close()

    def break_at(self, file: Path, line: int) -> None:
        """Set a breakpoint, and let the process run to it."""
        points = [{"line": line}]
        body = self.ask("setBreakpoints", source={"path": str(file)}, breakpoints=points)
        if not body["breakpoints"][0]["verified"]:
            raise ValueError(f"no breakpoint can be set there: {body}")
        self.ask("configurationDone")
        self._take(lambda message: message.get("request_seq") == self._attaching)

    def stopped(self) -> tuple[int, dict[str, str], tuple[str, int]]:
        """Wait for a breakpoint; return the thread, its variables, and file and line."""
        thread = self.event("stopped")["threadId"]
        frame = self.ask("stackTrace", threadId=thread)["stackFrames"][0]
        scopes = self.ask("scopes", frameId=frame["id"])["scopes"]
        reference = next(each for each in scopes if each["name"] == "Locals")["variablesReference"]
        listed = self.ask("variables", variablesReference=reference)["variables"]
        place = frame["source"]["path"], frame["line"]
        return thread, {each["name"]: each["value"] for each in listed}, place

    def go_on(self, thread: int) -> None:
        """Let a stopped thread run."""
        self.ask("continue", threadId=thread)

    def ask(self, command: str, **arguments: Any) -> Any:
        """Send a request and return the body of its reply."""
        number = self._send(command, **arguments)
        reply = self._take(lambda message: message.get("request_seq") == number)
        if not reply["success"]:
            raise ValueError(f"the debugger refuses {command}: {reply}")
        return reply.get("body")

    def event(self, name: str) -> Any:
        """Wait for an event, which may have arrived already; return its body."""
        return self._take(lambda message: message.get("event") == name).get("body")

    def _send(self, command: str, **arguments: Any) -> int:
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command}
        body = json.dumps({**message, "arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._number

    def _take(self, wanted: Any) -> dict[str, Any]:
        """Return the first message that `wanted` matches, and keep those before it."""
        for index, message in enumerate(self._seen):
            if wanted(message):
                return self._seen.pop(index)
        while not wanted(message := self._read()):
            self._seen.append(message)
        return message

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError("the debugger has closed the connection")
        message: dict[str, Any] = json.loads(self._file.read(length))
        return message
