"""The messages between a pool and its workers, and their framing on the socket.

A frame is a 4-byte big-endian length followed by one MessagePack map. The pool
sends `Call` and `Stop`; a worker sends one `Ready` or `Failed`, then one
`Answer` for each `Call`, with the same number. Numbers are unique within a
pool, so a late answer is never mistaken for the answer to another call.
"""

import struct
from collections.abc import Mapping
from typing import Final

import msgspec

PROTOCOL: Final = 1
HEADER: Final = struct.Struct(">I")
# Masks of the largest accepted image are smaller; a longer frame means that
# something other than our worker writes to the socket.
MAX_FRAME_BYTES: Final = 512 * 1024 * 1024


class ProtocolError(Exception):
    """The other side sent something that is not a frame of this protocol."""


class Event(msgspec.Struct, frozen=True):
    """One request to a function.

    Several values of one of `headers` are joined by ", ", and names are in lower
    case; of several values of one of `fields` (the query) the last counts.
    `timestamp` is in seconds since 1970 (UTC).
    """

    id: str
    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = {}
    content_type: str = ""
    body: bytes = b""
    fields: Mapping[str, str] = {}
    timestamp: float = 0.0
    url: str = ""


class Reply(msgspec.Struct, frozen=True):
    """The answer to one event.

    `seconds` is the time the handler took, `queue_seconds` the time the event
    waited for a free worker (filled in by the pool).
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = {}
    seconds: float = 0.0
    queue_seconds: float = 0.0


def error_reply(status: int, message: str) -> Reply:
    """Return a reply with `{"error": message}` as JSON."""
    body = msgspec.json.encode({"error": message})
    return Reply(status=status, body=body, content_type="application/json")


def error_text(body: bytes) -> str:
    """Return the `error` of a reply's JSON body, or the beginning of any other body."""
    try:
        return msgspec.json.decode(body, type=_Refused).error
    except _NOT_DECODABLE:
        return body[:500].decode(errors="replace")


class _Refused(msgspec.Struct):
    """The body of `error_reply`."""

    error: str


class Call(msgspec.Struct, frozen=True, tag_field="kind", tag="event"):
    """Pool to worker: handle this event."""

    number: int
    event: Event


class Stop(msgspec.Struct, frozen=True, tag_field="kind", tag="stop"):
    """Pool to worker: exit after answering the current event."""


class Ready(msgspec.Struct, frozen=True, tag_field="kind", tag="ready"):
    """Worker to pool: the model is loaded."""

    protocol: int
    load_seconds: float


class Failed(msgspec.Struct, frozen=True, tag_field="kind", tag="failed"):
    """Worker to pool: the function cannot start; `error` is a traceback."""

    error: str


class Answer(msgspec.Struct, frozen=True, tag_field="kind", tag="response"):
    """Worker to pool: the reply to the call with the same number."""

    number: int
    reply: Reply


ToWorker = Call | Stop
FromWorker = Ready | Failed | Answer

# What msgspec raises for invalid messages; not all are a DecodeError.
_NOT_DECODABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)

_encoder = msgspec.msgpack.Encoder()
_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


def encode(message: ToWorker | FromWorker) -> bytearray:
    """Encode `message` as a frame: length and content.

    Raises:
        ProtocolError: the frame would be longer than `MAX_FRAME_BYTES`.
    """
    frame = bytearray(HEADER.size)
    _encoder.encode_into(message, frame, HEADER.size)
    HEADER.pack_into(frame, 0, checked_length(len(frame) - HEADER.size))
    return frame


def checked_length(length: int) -> int:
    """Return `length`, the size of a frame's content in bytes, if allowed.

    Raises:
        ProtocolError: it is above `MAX_FRAME_BYTES`.
    """
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {length} bytes; at most {MAX_FRAME_BYTES} are allowed")
    return length


def decode_to_worker(content: bytes | bytearray | memoryview) -> ToWorker:
    """Decode a frame's content from a pool.

    Raises:
        ProtocolError: it is not a message of this protocol.
    """
    try:
        return _to_worker.decode(content)
    except _NOT_DECODABLE as error:
        raise ProtocolError(f"the pool sent an unknown message: {error}") from error


def decode_from_worker(content: bytes | bytearray | memoryview) -> FromWorker:
    """Decode a frame's content from a worker.

    Raises:
        ProtocolError: it is not a message of this protocol.
    """
    try:
        return _from_worker.decode(content)
    except _NOT_DECODABLE as error:
        raise ProtocolError(f"the worker sent an unknown message: {error}") from error
