"""Readers of single fields of a request, which return a checked value or raise a one-line error.

Every reader takes the decoded request and the name of a field and raises `RequestError`
with status 400. Messages name the field and accepted values, and repeat only a few
characters of the input, which may be megabytes of base64.
"""

import binascii
import math
import string
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, TypeVar

import msgspec

from modelyard.annotation.coordinates import Box
from modelyard.annotation.errors import RequestError

Body = bytes | bytearray | memoryview | str | Mapping[str, Any]
"""The body of a request: JSON text in UTF-8, or the object it decodes to."""

Point = tuple[float, float]
"""x, y in pixels of the image."""

T = TypeVar("T")

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (NoneType, "null"),
    (bool, "a boolean"),  # Before numbers: bool is an int.
    ((int, float), "a number"),
    (str, "text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
)

# "data:image/svg+xml;charset=utf-8;base64," is about the longest in use.
_DATA_URL_PREFIX = 100


def bad(message: str) -> RequestError:
    """Return the error for a malformed request."""
    return RequestError(400, message)


def load(body: Body) -> Mapping[str, Any]:
    """Return the request as a mapping, decoding JSON if necessary."""
    if isinstance(body, Mapping):
        return body
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise bad(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise bad("the body is not a request: its JSON is nested too deeply") from None
    if not isinstance(payload, dict):
        raise bad(f"the body must be a JSON object with the request's fields, not {kind(payload)}")
    return payload


def kind(value: object) -> str:
    """Return the name of a value's JSON type, for messages."""
    names = (name for types, name in _KINDS if isinstance(value, types))
    return next(names, type(value).__name__)


def image(payload: Mapping[str, Any], name: str) -> bytes:
    """Return the bytes of an image file from its base64 text or `data:` URL."""
    text = payload.get(name)
    if not isinstance(text, str):
        given = kind(text) if name in payload else "missing"
        raise bad(f"{name}: expected the base64 text of an image file, but it is {given}")
    data = _base64(_without_data_url(text), name)
    if not data:
        raise bad(f"{name}: expected the base64 text of an image file, but it is empty")
    return data


def _without_data_url(text: str) -> str:
    if not text.startswith("data:"):
        return text
    return text[text.find(",", 0, _DATA_URL_PREFIX) + 1 :]


def _base64(text: str, name: str) -> bytes:
    try:
        # Four times as fast as binascii and stricter: it refuses even line breaks.
        return msgspec.convert(text, bytes)
    except (msgspec.ValidationError, UnicodeEncodeError):
        pass
    try:
        compact = text.encode("ascii").translate(None, delete=string.whitespace.encode())
        return binascii.a2b_base64(compact, strict_mode=True)
    except UnicodeEncodeError:
        raise bad(f"{name}: not base64 (it holds characters beyond ASCII)") from None
    except binascii.Error as error:
        raise bad(f"{name}: not base64 ({str(error).lower()})") from None


def number(payload: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """Return a number, possibly given as text, in `low`..`high`; None if absent."""
    value = payload.get(name)
    if value is None:
        return None
    accepted = f"a number from {low:g} to {high:g}" if high < math.inf else f"a number >= {low:g}"
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise bad(f"{name}: expected {accepted}, but it is {kind(value)}")
    try:
        result = float(value)
    except (ValueError, OverflowError):
        result = math.nan
    if not (math.isfinite(result) and low <= result <= high):
        raise bad(f"{name}: expected {accepted}, not {_shown(value)}")
    return result


def _shown(value: str | float) -> str:
    """Return a number or a short text as it is, and the start of a long one."""
    try:
        text = repr(value)
    except ValueError:  # An integer with more digits than Python writes out.
        return "a number that large"
    return text if len(text) <= 40 else f"{text[:40]}…"


def listed(payload: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list; an absent or null one is empty."""
    value = payload.get(name)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise bad(f"{name}: expected a list, but it is {kind(value)}")
    return list(value)


def each(payload: Mapping[str, Any], name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
    """Read each item of a list with `read(item, "name[i]")`."""
    items = enumerate(listed(payload, name))
    return tuple(read(item, f"{name}[{index}]") for index, item in items)


def text(value: object, where: str) -> str:
    """Return a value that must be text."""
    if not isinstance(value, str):
        raise bad(f"{where}: expected text, but it is {kind(value)}")
    return value


def coordinates(value: object, where: str) -> tuple[float, ...]:
    """Return a value that must be a flat list of finite numbers."""
    if not isinstance(value, list | tuple):
        raise bad(f"{where}: expected a list of numbers, but it is {kind(value)}")
    return tuple(_coordinate(item, where) for item in value)


def _coordinate(value: object, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise bad(f"{where}: expected numbers, but one is {kind(value)}")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise bad(f"{where}: expected finite numbers, not {_shown(value)}")
    return result


def point(value: object, where: str) -> Point:
    """Return a value that must be a pair [x, y]."""
    pair = coordinates(value, where)
    if len(pair) != 2:
        raise bad(f"{where}: expected a point [x, y], not {len(pair)} numbers")
    return pair[0], pair[1]


def box(value: object, where: str) -> Box:
    """Return a value that must be four numbers xtl, ytl, xbr, ybr; corners come out sorted."""
    corners = coordinates(value, where)
    if len(corners) != 4:
        raise bad(f"{where}: expected a box [xtl, ytl, xbr, ybr], not {len(corners)} numbers")
    xs, ys = sorted(corners[0::2]), sorted(corners[1::2])
    return xs[0], ys[0], xs[1], ys[1]
