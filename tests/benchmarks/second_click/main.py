"""Measures how much cheaper the second click on a picture is, end to end over HTTP.

Calls the function `sam` of the running platform: first with new pictures, then with the same
pictures and another click. The pictures are noise over a bright shape.
"""

import argparse
import base64
import http.client
import io
import json
import os
import statistics
import sys
import time
from typing import Any, Final

import numpy as np
import PIL.Image

from modelyard_contract import ports, variables

HOST: Final = "127.0.0.1"
FUNCTION: Final = "sam"
WIDTH, HEIGHT = 1152, 864
BAR: Final = 0.20


def main() -> int:
    """Measure, print, and return 0 if the target is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, help="the function's port (default: asks the platform)")
    parser.add_argument("--pictures", type=int, default=5)
    options = parser.parse_args()
    port = options.port or find_port()
    pictures = [picture(seed) for seed in range(options.pictures)]
    # Excludes the connection and the decoder's first run from the measurement.
    click(port, picture(-1), (100, 100))
    first, second = [], []
    for data in pictures:
        first.append(click(port, data, (560, 420)))
        second.append(click(port, data, (600, 440)))
    ratio = statistics.median(second) / statistics.median(first)
    print(
        f"picture: {WIDTH}x{HEIGHT}, {len(pictures)} of them, {len(pictures[0]) / 1e6:.1f} MB each"
    )
    print(f"first click:  {statistics.median(first) * 1000:7.0f} ms (median)")
    print(f"second click: {statistics.median(second) * 1000:7.0f} ms (median)")
    print(f"ratio: {ratio:.3f} (target {BAR})")
    return int(ratio > BAR)


def find_port() -> int:
    """Return the port on which the platform serves the function."""
    platform = int(os.environ.get(variables.PORT) or ports.DASHBOARD)
    try:
        functions = exchange(platform, "GET", "/api/functions", None)
        return int(functions[FUNCTION]["status"]["httpPort"])
    except (OSError, KeyError) as error:
        raise SystemExit(
            f"no function {FUNCTION!r} at port {platform} ({error!r}): deploy it first, "
            "./pants run ::deploy"
        ) from None


def picture(seed: int) -> bytes:
    """Return a PNG file that is unique to the seed."""
    noise = np.random.default_rng(seed + 1000).integers(0, 60, (HEIGHT // 4, WIDTH // 4, 3))
    pixels = noise.repeat(4, axis=0).repeat(4, axis=1).astype(np.uint8)
    pixels[250:600, 350:800] += 150
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def click(port: int, data: bytes, point: tuple[int, int]) -> float:
    """Return the seconds until one click is answered."""
    body = {"image": base64.b64encode(data).decode(), "pos_points": [point], "neg_points": []}
    encoded = json.dumps(body).encode()
    started = time.perf_counter()
    answer = exchange(port, "POST", "/", encoded)
    seconds = time.perf_counter() - started
    if len(answer["mask"]) != HEIGHT:
        raise SystemExit("the mask does not have the picture's height")
    return seconds


def exchange(port: int, method: str, path: str, body: bytes | None) -> Any:
    """Send a request; return the JSON of the answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    try:
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise SystemExit(f"{method} {path}: {response.status} {content[:300]!r}")
    return json.loads(content)


if __name__ == "__main__":
    sys.exit(main())
