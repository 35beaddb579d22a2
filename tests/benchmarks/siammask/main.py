"""How much longer SiamMask takes for eight objects of a request than for one.

Uses random weights, which take as long as the published ones. A request is what CVAT sends: a
full-HD frame as PNG and the states in, shapes and states out. Prints the seconds of a request and
of the network alone, and their ratios; the least of several runs counts, taken in turns.
"""

import base64
import io
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import PIL.Image
import torch

from inference.device import Device
from inference.torch_device import running
from serving.cache import ImageCache
from serving.endpoint import Endpoint
from siammask.checkpoint_testing import write_assets
from siammask.handler import SiamMaskTracker
from siammask.network import CHANNELS, SCORES, SEARCH, TEMPLATE

_RUNS = 5
_COUNTS = (1, 8)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        assets = write_assets(Path(folder) / "siammask")
        model = SiamMaskTracker()
        model.load(assets, Device.from_env())
    endpoint = Endpoint(model, assets, ImageCache(0))
    image = _picture()
    ways: dict[str, dict[int, Callable[[], object]]] = {"request": {}, "network alone": {}}
    for count in _COUNTS:
        boxes = [[100 + 120 * i, 200, 190 + 120 * i, 330] for i in range(count)]
        states = json.loads(endpoint.answer(_body(image, boxes, [])))["states"]
        body = _body(image, [None] * count, states)
        ways["request"][count] = partial(endpoint.answer, body)
        ways["network alone"][count] = partial(_passed, model, count)
    for way, runs in ways.items():
        least = dict.fromkeys(_COUNTS, float("inf"))
        for _ in range(_RUNS):
            for count, run in runs.items():
                started = time.perf_counter()
                run()
                least[count] = min(least[count], time.perf_counter() - started)
        one, eight = (least[count] for count in _COUNTS)
        print(f"{way}: 1 object {one:.3f} s, 8 objects {eight:.3f} s, {eight / one:.1f} times")


def _passed(model: SiamMaskTracker, count: int) -> object:
    """Pass so many objects through the network, without anything around it."""
    middle = torch.full((count,), SCORES // 2)
    images = torch.full((count, 3, SEARCH, SEARCH), 127.0).contiguous(
        memory_format=torch.channels_last
    )
    with running(Device.from_env()):
        found = model._network.search(torch.ones(count, CHANNELS, TEMPLATE, TEMPLATE), images)
        return model._network.refine(found, middle, middle)


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
