"""Filters HTTP headers between a client and a function."""

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Final

REQUEST_ID: Final = "x-request-id"

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110 field values in Latin-1: no line breaks, no control characters but the tab.
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,128}")
# RFC 9110, 7.6.1: these belong to one connection, not to the message.
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Written by the server itself.
_OURS: Final = frozenset({"content-length", "content-type", "date", "server", REQUEST_ID})
_DEFAULT_TYPE: Final = "application/octet-stream"


def for_function(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a request's headers without those of its connection.

    Names become lower case; several values of one name are joined by ", ".
    """
    pairs = [(name.lower(), value) for name, value in headers]
    dropped = _of_connection(pairs)
    kept: dict[str, str] = {}
    for name, value in pairs:
        if name not in dropped:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept


def for_client(headers: Mapping[str, str], content_type: str) -> dict[str, str]:
    """Return the headers of a function's reply that may pass, with its content type.

    Headers are left out if they are invalid, belong to a connection, are written by
    the server or start with x-nuclio-, so a function can neither inject headers nor
    make the server send a file.
    """
    pairs = [(name.lower(), value.strip()) for name, value in headers.items()]
    dropped = _of_connection(pairs) | _OURS
    kept = {
        name: value
        for name, value in pairs
        if name not in dropped
        and not name.startswith("x-nuclio-")
        and _TOKEN.fullmatch(name)
        and _VALUE.fullmatch(value)
    }
    kept["content-type"] = content_type if _VALUE.fullmatch(content_type) else _DEFAULT_TYPE
    return kept


def request_id(given: str | None) -> str:
    """Return the client's id for its request if it is harmless, else a new one."""
    return given if given and _ID.fullmatch(given) else uuid.uuid4().hex


def _of_connection(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the names of hop-by-hop headers, including those listed in `connection`."""
    listed = (value for name, value in pairs if name == "connection")
    return _HOP_BY_HOP.union(
        token.strip().lower() for value in listed for token in value.split(",")
    )
