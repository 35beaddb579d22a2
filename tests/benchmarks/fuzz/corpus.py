"""Malformed requests, generated deterministically from a seed."""

import base64
import io
import json
import random
import struct
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from PIL import Image as Pillow

from modelyard.serving.protocol.sample import sample_png, sample_request
from modelyard_contract.function_types import FUNCTION_TYPES

LEVELS: Final = ("http", "json", "image")

# Values that break careless programs.
_NASTY: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 0.5, -0.5, 2**31, 2**63, 2**64, -(2**63), 1e308, -1e308, 1e-320,
    "", " ", "0", "-1", "1e999", "NaN", "Infinity", "\x00", "\ud83d\ude00", "é" * 50, "a" * 5000,
    "../../etc/passwd", "<script>", "{{7*7}}", "%s%n", [], {}, [[]], [{}], {"": ""}, [None],
    [0, 0], [0, 0, 0, 0], [[0, 0]], [1e308, -1e308], ["a", "b"], [[1, 2], [3, 4]], [[1, 2, 3]],
    [[0, 0], [0, 0], [0, 0]], {"type": "rectangle", "points": [1, 2]}, [[[[[[[[]]]]]]]],
)  # fmt: skip
_RAW_JSON: Final = (
    b"", b"null", b"true", b"0", b'""', b"[]", b"{", b"}", b"{}}", b'{"image"}', b'{"image":}',
    b"[" * 100_000, b'{"a":' * 50_000, b'{"image": NaN}', b'{"image": 1e99999}', b"\xff\xfe{\x00}",
    b'\xef\xbb\xbf{"image": ""}', b'{"image": "\\ud800"}', b'{"image": "\xff"}', b'{"image": "' ,
    b'{"image": "", "image": ""}', b"9" * 10_000, b"-", b'{"image": "\\u00"}', b"\x00" * 100,
)  # fmt: skip
_METHODS: Final = (b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE",
                   b"CONNECT", b"post", b"G\x00T", b"", b"\xff", b"A" * 5000)  # fmt: skip
_PATHS: Final = (b"/", b"//", b"/\x00", b"/%", b"/%zz", b"/%00", b"/../../etc/passwd", b"*", b"",
                 b"http://[::1", b"/?a=%ff", b"/?" + b"&" * 5000, b"/" + b"a" * 70_000,
                 b"/\xff\xfe", b"/__internal/health", b"/api/functions", b"/api/functions/%2e%2e",
                 b"/api/projects", b"/api/function_invocations", b"/metrics",
                 b"/console/api/functions/x/logs?offset=-1")  # fmt: skip
_VERSIONS: Final = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b"HTTP/1.1 ", b"", b"SPDY", b"HTTP/\xff")
_HEADERS: Final = (
    b"content-length: -1", b"content-length: 99999999999999999999", b"content-length: 1e3",
    b"content-length: 5, 6", b"content-length: \xc2\xb2", b"transfer-encoding: chunked",
    b"transfer-encoding: gzip, chunked", b"transfer-encoding: \xff", b"expect: 100-continue",
    b"expect: more", b"connection: upgrade", b"upgrade: websocket", b"upgrade: h2c",
    b"connection: close, x-request-id", b"host:", b"host: [::1", b"host: a\xff", b"no colon",
    b": empty", b" folded: x", b"x\x00y: z", b"x-a: b\x00c", b"x-a: " + b"b" * 9000,
    b"x-request-id: \xff", b"x-request-id: " + b"i" * 500, b"cookie: " + b"a=b; " * 1000,
    b"content-type: \xff", b"content-type: application/json", b"content-type: application/json;",
    b"content-type: multipart/form-data", b"content-encoding: gzip", b"range: bytes=0-",
    b"x-nuclio-function-name: detector", b"x-nuclio-function-name: \xff",
    b"x-nuclio-path: \x7f", b"x-nuclio-path: //x?%ff", b"x-nuclio-invoke-timeout: 99999999999h",
    b"x-nuclio-invoke-timeout: -1s", b"x-nuclio-invoke-url: http://[", b"origin: http://[",
    b"authorization: Bearer \xff", b"x-nuclio-project-name: ../..", b"x-nuclio-log-level: \xff",
)  # fmt: skip
_FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "ICO", "TGA", "PCX")


class Malformed(msgspec.Struct, frozen=True):
    """One request: what to send, to which type of function, or to the dashboard (empty)."""

    level: str
    kind: str
    content: bytes


def corpus(seed: int, count: int) -> Iterator[Malformed]:
    """Yield `count` requests, cycling through all levels."""
    rng = random.Random(seed)  # noqa: S311 - not a secret
    for number in range(count):
        level = LEVELS[number % len(LEVELS)]
        kind = rng.choice(FUNCTION_TYPES)
        match level:
            case "http":
                kind = rng.choice((*FUNCTION_TYPES, ""))
                content = _http(rng, kind)
            case "json":
                content = _post(_json(rng, kind))
            case _:
                content = _post(_image(rng, kind))
        yield Malformed(level, kind, content)


def _post(body: bytes) -> bytes:
    return (
        b"POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        b"content-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )


# --- HTTP -----------------------------------------------------------------------------------------


def _http(rng: random.Random, kind: str) -> bytes:
    body = rng.choice((b"", b"{}", b"0\r\n\r\n", b"5\r\nabc", b"ffffffffffffffff\r\n", b"x" * 99))
    if kind and rng.random() < 0.3:
        return _damage(rng, _post(sample_request(kind)))
    method = rng.choice(_METHODS) if rng.random() < 0.5 else b"POST"
    path = rng.choice(_PATHS)
    version = rng.choice(_VERSIONS) if rng.random() < 0.2 else b"HTTP/1.1"
    headers = [
        b"host: localhost",
        b"connection: close",
        *rng.sample(_HEADERS, rng.randint(0, 4)),
    ]
    if rng.random() < 0.5:
        headers.append(b"content-length: %d" % rng.choice((len(body), 0, len(body) + 5, 10**9)))
    rng.shuffle(headers)
    end = rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"))
    request = end.join([b" ".join((method, path, version)), *headers, b"", body])
    return _damage(rng, request) if rng.random() < 0.3 else request


def _damage(rng: random.Random, content: bytes) -> bytes:
    """Return `content` with some bytes changed, removed, duplicated, or truncated."""
    damaged = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        if not damaged:
            break
        # Mostly near the beginning, where formats have their headers.
        end = len(damaged) if rng.random() < 0.5 else min(len(damaged), 128)
        place = rng.randrange(end)
        match rng.randrange(5):
            case 0:
                damaged[place] ^= 1 << rng.randrange(8)
            case 1:
                damaged[place] = rng.choice((0, 0x0A, 0x0D, 0x20, 0x7F, 0xFF))
            case 2:
                del damaged[place : place + rng.randint(1, 16)]
            case 3:
                damaged[place:place] = damaged[place : place + rng.randint(1, 64)]
            case _:
                del damaged[max(1, place) :]
    return bytes(damaged)


# --- JSON -----------------------------------------------------------------------------------------


def _json(rng: random.Random, kind: str) -> bytes:
    if rng.random() < 0.15:
        return rng.choice(_RAW_JSON)
    content = json.loads(sample_request(kind))
    if rng.random() < 0.2:
        return _damage(rng, json.dumps(content).encode())
    for _ in range(rng.randint(1, 3)):
        content = _replaced(rng, content)
    return json.dumps(content).encode()


def _replaced(rng: random.Random, value: Any) -> Any:
    """Return `value` with something in it replaced, removed or added."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {name: item for name, item in value.items() if name != key}
        if rng.random() < 0.3:
            added = rng.choice(("threshold", "states", "max_distance", "text_prompts", "x"))
            return {**value, added: rng.choice(_NASTY)}
        return {**value, key: _replaced(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.7:
        place = rng.randrange(len(value))
        return [*value[:place], _replaced(rng, value[place]), *value[place + 1 :]]
    return rng.choice(_NASTY)


# --- images ---------------------------------------------------------------------------------------


def _image(rng: random.Random, kind: str) -> bytes:
    content = json.loads(sample_request(kind))
    for name in ("image", "image0", "image1"):
        if name in content:
            content[name] = _encoded(rng, _picture(rng))
    return json.dumps(content).encode()


def _encoded(rng: random.Random, picture: bytes) -> str:
    text = base64.b64encode(picture).decode()
    match rng.randrange(12):
        case 0:
            return text[: rng.randrange(len(text) + 1)]
        case 1:
            return text.replace("A", rng.choice(("*", "-", "\n", "é", "=")), 3)
        case 2:
            return f"data:image/png;base64,{text}"
        case _:
            return text


def _picture(rng: random.Random) -> bytes:
    match rng.randrange(10):
        case 0:
            return rng.randbytes(rng.randrange(300))
        case 1:
            return _huge_png(rng)
        case _:
            return _damage(rng, _whole(rng))


def _whole(rng: random.Random) -> bytes:
    """Return a picture in some format, possibly one that the function does not support."""
    if rng.random() < 0.2:
        return sample_png()
    mode = rng.choice(("RGB", "L", "1", "P", "CMYK", "I;16", "RGBA", "F"))
    size = (rng.randint(1, 40), rng.randint(1, 40))
    file = io.BytesIO()
    try:
        Pillow.new(mode, size).save(file, rng.choice(_FORMATS))
    except (OSError, ValueError, KeyError):
        return sample_png()
    return file.getvalue()


def _huge_png(rng: random.Random) -> bytes:
    """Return a PNG file that claims to be larger than it is: a decompression bomb, if trusted."""
    sides = (0, 1, 65_535, 2**31 - 1, 2**32 - 1)
    png = bytearray(sample_png())
    struct.pack_into(">II", png, 16, rng.choice(sides), rng.choice(sides))
    return bytes(png)
