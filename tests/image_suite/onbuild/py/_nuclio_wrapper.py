"""A fake of Nuclio's Python wrapper: one worker, controlled over two sockets."""

import argparse
import importlib
import json
import logging
import signal
import socket
import struct
import sys
import time

import msgpack
import nuclio_sdk


def main():
    parser = argparse.ArgumentParser()
    for name in ("handler", "event-socket-path", "control-socket-path", "platform-kind"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("namespace", "worker-id", "trigger-kind", "trigger-name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--decode-event-strings", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGUSR1, lambda *_: sys.exit(0))

    module_name, _, function = options.handler.partition(":")
    handler = getattr(importlib.import_module(module_name), function)
    events, control = (socket.socket(socket.AF_UNIX) for _ in range(2))
    events.connect(options.event_socket_path)
    control.connect(options.control_socket_path)
    logger = nuclio_sdk.Logger(level=logging.INFO)
    logger.set_handler("default", sys.stdout, nuclio_sdk.logger.JSONFormatter())
    context = nuclio_sdk.Context(logger, None, options.worker_id)
    defining = sys.modules[handler.__module__]
    if hasattr(defining, "init_context"):
        defining.init_context(context)
    events.sendall(b"s\n")
    control.sendall(b'{"kind":"wrapperInitialized","attributes":{}}\n')
    kind = nuclio_sdk.event.EventDeserializerKinds.msgpack
    incoming = events.makefile("rb")
    while header := incoming.read(4):
        frame = incoming.read(struct.unpack(">I", header)[0])
        event = nuclio_sdk.Event.deserialize(msgpack.unpackb(frame, raw=False), kind)
        began = time.time()
        response = nuclio_sdk.Response.from_entrypoint_output(json.dumps, handler(context, event))
        events.sendall(f"m{json.dumps({'duration': time.time() - began})}\n".encode())
        events.sendall(f"r{json.dumps(response)}\n".encode())


if __name__ == "__main__":
    main()
