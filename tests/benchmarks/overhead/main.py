"""`./pants run tests/benchmarks/overhead`: latency compared with a direct call, and scaling.

The targets: a median overhead of at most 8 ms for a JPEG of one megapixel with one worker; two
workers answer at least 1.8 times as many requests as one if the model uses one core.
"""

import argparse
import base64
import http.client
import io
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow

from modelyard.imaging import decode
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.testing.tiny import BrightDetector, description, write_assets
from modelyard_contract.limits import DEFAULT_BODY
from modelyard_contract.nuclio import DEFAULT_HANDLER
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

OVERHEAD_BAR: Final = 8.0
SCALING_BAR: Final = 1.8
_SIDE: Final = 1000
_CLIENTS: Final = 6
# Busy loop: a fixed amount of work, whatever else the machine does.
_BUSY: Final = """
def handler(context, event):
    total = 0
    for number in range(400_000):
        total += number
    return str(total)
"""


def main() -> int:
    """Measure; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="overhead", description=__doc__)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each number of workers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        with PlatformProcess(home) as platform:
            overhead = _overhead(platform, Path(folder), options.requests)
            ratio = _scaling(platform, options.seconds)
    return 0 if overhead <= OVERHEAD_BAR and ratio >= SCALING_BAR else 1


def _overhead(platform: PlatformProcess, folder: Path, requests: int) -> float:
    """Print both latencies, measured in turn; return the difference in milliseconds."""
    release = FakeRelease(
        name="bright",
        port=free_port(),
        source="",
        handler=DEFAULT_HANDLER,
        max_body=DEFAULT_BODY,
        model=description("detector"),
    )
    _deploy(platform, release)
    # As in a worker: OpenCV may use as many cores as its function.
    cv2.setNumThreads(1)
    model = BrightDetector()
    model.load(Assets.open(write_assets(folder / "assets")), Device())
    photograph = _photograph()
    connection = http.client.HTTPConnection("127.0.0.1", release.port, timeout=60)
    direct, served = [], []
    for number in range(requests + 10):
        # Each picture is a different file, so that no cache is hit.
        picture = photograph + number.to_bytes(8, "big")
        body = json.dumps({"image": base64.b64encode(picture).decode()}).encode()
        direct.append(_timed(lambda: model.detect(decode(picture), 0.5)))  # noqa: B023 - called here
        served.append(_timed(lambda: _post(connection, body)))  # noqa: B023 - called here
    connection.close()
    # The first requests meet cold caches.
    plain, whole = (statistics.median(times[10:]) * 1000 for times in (direct, served))
    size = len(photograph) / 1024
    print(f"JPEG of {_SIDE}x{_SIDE} pixels, {size:.0f} KiB, median of {requests}, in turn:")
    print(f"  direct call {plain:.2f} ms, request {whole:.2f} ms, ratio {whole / plain:.2f}")
    print(f"  overhead {whole - plain:.2f} ms (target: {OVERHEAD_BAR:g} ms)")
    return whole - plain


def _scaling(platform: PlatformProcess, seconds: float) -> float:
    """Print the throughput of one worker and of two; return the ratio."""
    ports = {}
    for workers in (1, 2):
        release = FakeRelease(
            name=f"busy-{workers}", port=free_port(), source=_BUSY, workers=workers
        )
        _deploy(platform, release)
        ports[workers] = release.port
    # In turns and in several parts, because other programs' load varies.
    counts = dict.fromkeys(ports, 0)
    parts = 4
    for _ in range(parts):
        for workers, port in ports.items():
            counts[workers] += _load(port, seconds / parts)
    one, two = (counts[workers] / seconds for workers in (1, 2))
    print(f"a model that uses one core, {_CLIENTS} clients:")
    print(f"  1 worker {one:.1f}/s, 2 workers {two:.1f}/s")
    print(f"  ratio {two / one:.2f} (target: {SCALING_BAR:g})")
    return two / one


def _load(port: int, seconds: float) -> int:
    """Return the number of requests answered in that time."""
    deadline = time.monotonic() + seconds
    counts = [0] * _CLIENTS

    def knock(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < deadline:
            _post(connection, b"{}")
            counts[client] += 1
        connection.close()

    threads = [threading.Thread(target=knock, args=(client,)) for client in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _deploy(platform: PlatformProcess, release: FakeRelease) -> None:
    status = platform.deploy(release)["status"]
    if status["state"] != "ready":
        raise RuntimeError(status["message"])


def _post(connection: http.client.HTTPConnection, body: bytes) -> None:
    connection.request("POST", "/", body, {"content-type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {content!r}")


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _photograph() -> bytes:
    """Return a JPEG file with about as much detail as a photograph, and one bright region."""
    noise = np.random.default_rng(1).normal(0, 12, (_SIDE, _SIDE, 3))
    slope = np.linspace(10, 35, _SIDE)
    pixels = np.clip(slope[:, None, None] + slope[None, :, None] + noise, 0, 255).astype(np.uint8)
    pixels[300:600, 200:700] = 220
    file = io.BytesIO()
    Pillow.fromarray(cv2.GaussianBlur(pixels, (3, 3), 0)).save(file, "JPEG", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
