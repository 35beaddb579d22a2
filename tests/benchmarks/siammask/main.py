"""How much longer SiamMask takes for eight objects of a request than for one.

Uses random weights, which take as long as the published ones. Prints one line of seconds and the
ratio; the least of several runs counts, taken in turns.
"""

import base64
import io
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image

from inference.device import Device
from serving.cache import ImageCache
from serving.endpoint import Endpoint
from siammask.checkpoint_testing import write_assets
from siammask.handler import SiamMaskTracker

_RUNS = 3
_COUNTS = (1, 8)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        assets = write_assets(Path(folder) / "siammask")
        model = SiamMaskTracker()
        model.load(assets, Device.from_env())
    endpoint = Endpoint(model, assets, ImageCache(0))
    image = _picture()
    requests = {}
    for count in _COUNTS:
        boxes = [[100 + 120 * i, 200, 190 + 120 * i, 330] for i in range(count)]
        states = json.loads(endpoint.answer(_body(image, boxes, [])))["states"]
        requests[count] = _body(image, [None] * count, states)
    least = dict.fromkeys(_COUNTS, float("inf"))
    for _ in range(_RUNS):
        for count, body in requests.items():
            started = time.perf_counter()
            endpoint.answer(body)
            least[count] = min(least[count], time.perf_counter() - started)
    one, eight = (least[count] for count in _COUNTS)
    print(f"1 object {one:.2f} s, 8 objects {eight:.2f} s: {eight / one:.1f} times as long")


def _body(image: str, shapes: Sequence[object], states: Sequence[object]) -> bytes:
    return json.dumps({"image": image, "shapes": shapes, "states": states}).encode()


def _picture() -> str:
    """Return a PNG file of 1920x1080 in base64, like a frame of a film."""
    noise = np.random.default_rng(0).integers(0, 256, (54, 96, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).resize((1920, 1080)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    main()
