"""A valid CVAT request for each function type, to test a function before it takes over.

Imports only the standard library and the contract, so that deployers and platforms do not need an
image library.
"""

import base64
import json
import struct
import zlib
from typing import Any, Final

from modelyard_contract.function_types import DETECTOR, FUNCTION_TYPES, INTERACTOR, REID, TRACKER

WIDTH: Final = 160
HEIGHT: Final = 120
# The bright rectangle in the image: left, top, right, bottom in pixels.
_BOX: Final = (40, 30, 120, 90)


def sample_request(type: str) -> bytes:
    """Return the JSON body of a small valid request to a function of this type.

    The image is an RGB PNG of 160x120 pixels: a bright rectangle on a dark
    gradient. Content type of the request: application/json.

    Raises:
        ValueError: `type` is not detector, interactor, tracker or reid.
    """
    image = base64.b64encode(sample_png()).decode()
    left, top, right, bottom = _BOX
    shape = {"type": "rectangle", "points": list(_BOX), "label_id": 1}
    requests: dict[str, dict[str, Any]] = {
        DETECTOR: {"image": image},
        INTERACTOR: {
            "image": image,
            # The four extreme points first: models like DEXTR need exactly those.
            "pos_points": [[left, 60], [80, top], [right, 60], [80, bottom]],
            "neg_points": [],
            "obj_bbox": [[left, top], [right, bottom]],
        },
        TRACKER: {"image": image, "shapes": [list(_BOX)], "states": []},
        REID: {
            "image0": image,
            "image1": image,
            "boxes0": [shape],
            "boxes1": [shape],
        },
    }
    if type not in requests:
        raise ValueError(
            f"no sample request for type {type!r}; known types: {', '.join(FUNCTION_TYPES)}"
        )
    return json.dumps(requests[type], separators=(",", ":")).encode()


def sample_png() -> bytes:
    """Return the sample image: an RGB PNG file of 160x120 pixels."""
    rows = b"".join(b"\x00" + _row(y) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _row(y: int) -> bytes:
    left, top, right, bottom = _BOX
    row = bytearray()
    for x in range(WIDTH):
        inside = left <= x < right and top <= y < bottom
        row += bytes((230, 200, 60)) if inside else bytes((20 + x // 8, 30 + y // 8, 60))
    return bytes(row)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
