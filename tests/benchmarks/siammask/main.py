"""Measures how much longer SiamMask takes for eight objects per request than for one.

Uses random weights, which take as long as the published ones. A request is what CVAT sends: a
full-HD frame as PNG and the states in, shapes and states out. Prints the seconds of a request and
of the network alone, and their ratios, in wall-clock and CPU time; the minimum of several runs,
taken in turns. On CPUs with bfloat16, also in that precision.

On a busy machine only CPU time is meaningful, and only on one thread, because threads busy-wait for
each other: MODELYARD_THREADS=1 OMP_NUM_THREADS=1. Note that on one thread torch uses a slower
implementation of 1x1 convolutions in float32.
"""

import argparse
import base64
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import PIL.Image
import torch

from modelyard.inference.device import Device
from modelyard.inference.precision import Precision, supported_precision
from modelyard.inference.threads import threads_from_env
from modelyard.inference.torch_device import running
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.worker.endpoint import Endpoint
from siammask.handler import SiamMaskTracker
from siammask.sizes import CHANNELS, SCORES, SEARCH, TEMPLATE
from siammask.testing import write_assets

_RUNS = 5
_COUNTS = (1, 8)


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(
        description="How SiamMask's time grows with the objects of a request."
    ).parse_args()
    print(f"threads {threads_from_env()}, load {os.getloadavg()[0]:.1f}")
    asked: dict[Precision, dict[str, str]] = {"float32": {}, "bfloat16": {"precision": "bfloat16"}}
    ways: dict[str, dict[int, Callable[[], object]]] = {}
    for precision, params in asked.items():
        if supported_precision(precision) == precision:
            for way, runs in _ways(params).items():
                ways[f"{way}, {precision}"] = runs
    for way, runs in ways.items():
        least = _least(runs)
        for clock, name in enumerate(("wall-clock time", "CPU time")):
            one, eight = (least[count][clock] for count in _COUNTS)
            print(
                f"{way}: 1 object {one:.3f} s, 8 objects {eight:.3f} s {name}, {eight / one:.1f}x"
            )


def _ways(params: dict[str, str]) -> dict[str, dict[int, Callable[[], object]]]:
    """Return the measured calls of a function with those settings, by number of objects."""
    with tempfile.TemporaryDirectory() as folder:
        assets = write_assets(Path(folder) / "siammask", params)
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
    return ways


def _least(runs: dict[int, Callable[[], object]]) -> dict[int, tuple[float, float]]:
    """Return the least wall-clock and CPU seconds, all of them in turns."""
    taken: dict[int, list[tuple[float, float]]] = {count: [] for count in runs}
    for _ in range(_RUNS):
        for count, run in runs.items():
            clock, processor = time.perf_counter(), time.process_time()
            run()
            taken[count].append((time.perf_counter() - clock, time.process_time() - processor))
    return {
        count: (min(c for c, _ in all_), min(p for _, p in all_)) for count, all_ in taken.items()
    }


def _passed(model: SiamMaskTracker, count: int) -> object:
    """Pass that many objects through the network alone."""
    middle = torch.full((count,), SCORES // 2)
    images = torch.full((count, 3, SEARCH, SEARCH), 127.0).contiguous(
        memory_format=torch.channels_last
    )
    with running(Device.from_env(), precision=model._precision):
        found = model._network.search(torch.ones(count, CHANNELS, TEMPLATE, TEMPLATE), images)
        return model._network.refine(found, middle, middle)


def _body(image: str, shapes: Sequence[object], states: Sequence[object]) -> bytes:
    return json.dumps({"image": image, "shapes": shapes, "states": states}).encode()


def _picture() -> str:
    """Return a PNG file of 1920x1080 in base64, like a video frame."""
    noise = np.random.default_rng(0).integers(0, 256, (54, 96, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).resize((1920, 1080)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    main()
