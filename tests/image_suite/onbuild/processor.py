#!/usr/bin/python3.11
"""A fake of Nuclio's processor that covers everything an image can get wrong.

It starts the workers as the processor does, with the same command line, environment and sockets;
accepts events on 8080 once every worker is ready; answers /ready on 8082 from the start; and on
SIGTERM asks the workers to end, waits, and exits. It uses only the standard library, because it
replaces a static binary.
"""

import base64
import json
import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = Path("/etc/nuclio/config/processor/processor.yaml")


def pack(value):
    """Encode the subset of msgpack that an event needs."""
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, str):
        return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, int):
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, dict):
        parts = b"".join(pack(key) + pack(item) for key, item in value.items())
        return b"\xdf" + struct.pack(">I", len(value)) + parts
    raise TypeError(type(value))


class Worker:
    """A wrapper process and its two sockets."""

    def __init__(self, number):
        self.ready = False
        listeners = {}
        for kind in ("event", "control"):
            path = f"/tmp/nuclio-rpc-{kind}-{number}.sock"
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(1)
            listeners[kind] = (path, listener)
        wrapper = os.environ.get("NUCLIO_PYTHON_WRAPPER_PATH", "/opt/nuclio/_nuclio_wrapper.py")
        folder = os.environ.get("NUCLIO_PYTHON_PATH", "/opt/nuclio")
        handler = "modelyard.serving.worker.nuclio:handler"
        command = [os.environ.get("NUCLIO_PYTHON_EXE_PATH", "python3"), "-u", wrapper]
        command += ["--handler", handler]
        command += ["--event-socket-path", listeners["event"][0]]
        command += ["--control-socket-path", listeners["control"][0]]
        command += ["--platform-kind", "local", "--namespace", "nuclio"]
        command += ["--worker-id", str(number), "--trigger-kind", "http", "--trigger-name", "http"]
        command += ["--decode-event-strings"]
        search = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        env = {**os.environ, "NUCLIO_HANDLER": handler, "PYTHONPATH": search}
        self.process = subprocess.Popen(command, env=env)
        self.events, self.control = (
            self.accepted(listeners[kind][1]) for kind in ("event", "control")
        )
        self.lines = self.events.makefile("rb")

    def accepted(self, listener):
        """The worker's connection; this process exits, like Nuclio's, if the worker ends."""
        listener.settimeout(0.2)
        while self.process.poll() is None:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.setblocking(True)
            return connection
        sys.exit(f"Wrapper process exited unexpectedly with: {self.process.returncode}")

    def start(self):
        """Wait until `init_context` is done."""
        while self.lines.readline()[:1] != b"s":
            pass
        self.ready = True

    def handle(self, body, content_type):
        event = {
            "body": body, "content_type": content_type, "content-type": content_type,
            "trigger": {"kind": "http", "name": "http"}, "fields": {}, "headers": {}, "id": "1",
            "method": "POST", "path": "/", "size": len(body), "timestamp": int(time.time()),
            "url": "/", "shard_id": 0, "num_shards": 0, "type": "", "type_version": "",
            "version": "", "offset": 0, "topic": "",
        }  # fmt: skip
        frame = pack(event)
        self.events.sendall(struct.pack(">I", len(frame)) + frame)
        while True:
            line = self.lines.readline()
            if line[:1] == b"r":
                return json.loads(line[1:])
            if not line:
                raise ConnectionError("the worker ended")


def main():
    if not CONFIG.is_file():
        sys.exit(f"no {CONFIG}: Nuclio would have mounted it")
    workers = []
    free = queue.Queue()

    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            ready = bool(workers) and all(worker.ready for worker in workers)
            self.send_response(200 if ready else 503)
            self.end_headers()

        def log_message(self, *_):
            pass

    class Events(Health):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            worker = free.get()
            reply = worker.handle(body, self.headers.get("content-type", ""))
            free.put(worker)
            answer = reply["body"].encode()
            if reply["body_encoding"] == "base64":
                answer = base64.b64decode(answer)
            self.send_response(reply["status_code"])
            self.send_header("content-type", reply["content_type"])
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def stop(*_):
        for worker in workers:
            worker.process.send_signal(signal.SIGUSR1)
        print("stopped as asked", flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    health = ThreadingHTTPServer(("0.0.0.0", 8082), Health)
    threading.Thread(target=health.serve_forever, daemon=True).start()
    workers.append(Worker(0))
    for worker in workers:
        worker.start()
        free.put(worker)
    ThreadingHTTPServer(("0.0.0.0", 8080), Events).serve_forever()


if __name__ == "__main__":
    main()
