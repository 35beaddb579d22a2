"""What kubectl up to 1.26 reads before a dry run: whether the server supports it for an object.

It requests the OpenAPI description (version 2) as protocol buffers, and looks up the parameter
`dryRun` of a kind's PATCH. Only that is described here. The numbers are field numbers in
gnostic's `OpenAPIv2.proto`: https://github.com/google/gnostic
"""

from collections.abc import Mapping
from typing import Final

PATH: Final = "/openapi/v2"
# The name that a 1.20 server uses; kubectl cannot parse the one that it asks for.
CONTENT: Final = "application/octet-stream"


def document(kinds: Mapping[str, str], group: str, version: str) -> bytes:
    """Return the description of `kinds`, by plural, all of which support dry runs."""
    root = f"/apis/{group}/{version}/namespaces/{{namespace}}"
    paths = (
        _field(2, _named(f"{root}/{plural}/{{name}}", _path(group, version, kind)))
        for plural, kind in kinds.items()
    )
    return _field(1, b"2.0") + _field(8, b"".join(paths))


def _path(group: str, version: str, kind: str) -> bytes:
    """Return a PathItem with a PATCH."""
    query = _field(2, b"query") + _field(4, b"dryRun") + _field(6, b"string")
    parameter = _field(8, _field(1, _field(2, _field(3, query))))
    extension_yaml = f"group: {group}\nkind: {kind}\nversion: {version}\n"
    extension = _named("x-kubernetes-group-version-kind", _field(2, extension_yaml.encode()))
    return _field(8, parameter + _field(13, extension))


def _named(name: str, value: bytes) -> bytes:
    return _field(1, name.encode()) + _field(2, value)


def _field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field: text, bytes or a message."""
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    """Return a number as a varint."""
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
