"""From a network's raw output to the bytes of the reply, on one thread."""

import statistics
import time
from collections.abc import Callable
from typing import Final

import cv2
import msgspec
import numpy as np

from benchmarks.heads.planted import CLASSES, OBJECTS, SIDE, answer
from modelyard.annotation import Label, LabelSet, Mask, Shape, encode_detections
from modelyard.imaging import letterbox
from modelyard.inference.heads.catalogue import HEADS
from modelyard.inference.heads.fitting import class_labels
from modelyard.inference.heads.found import Answer

_PICTURE: Final = (1155, 866)
_THRESHOLD: Final = 0.25
_ROUNDS: Final = 41
_MOST_MS: Final = {"detect": 6.0, "segment": 25.0}


def compare() -> bool:
    """Measure and print; return whether both targets are met."""
    cv2.setNumThreads(1)
    # Both are measured, even if the first misses its target.
    met = [_meets(task, most) for task, most in _MOST_MS.items()]
    return all(met)


def _meets(task: str, most: float) -> bool:
    decode, encode = _steps(task)
    shapes = decode()
    reply = encode(shapes)
    if len(shapes) != OBJECTS:
        raise SystemExit(f"{task}: {len(shapes)} objects were left, not {OBJECTS}")
    decoding = _median_ms(decode)
    whole = _median_ms(lambda: encode(decode()))
    print(
        f"{task}: {whole:.2f} ms (target {most:g}), of which {decoding:.2f} to shapes; "
        f"{len(reply) / 1000:.0f} kB"
    )
    masks = [shape for shape in shapes if isinstance(shape, Mask)]
    if masks:
        covered = sum(np.count_nonzero(mask.bitmap) for mask in masks)
        corners = sum(len(mask.polygon or ()) // 2 for mask in masks)
        print(f"  {len(masks)} masks of {covered} pixels, outlines of {corners} points")
    return whole <= most


def _steps(task: str) -> tuple[Callable[[], list[Shape]], Callable[[list[Shape]], bytes]]:
    """Return the decoding of the planted answer, and the encoding of the result."""
    arrays = answer()
    if task == "detect":
        arrays = {"output0": np.ascontiguousarray(arrays["output0"][:, : 4 + CLASSES])}
    head = HEADS["yolov8"]
    options = msgspec.structs.replace(head.defaults, task=task)
    declared = [(name, array.shape) for name, array in arrays.items()]
    names = LabelSet([Label(f"class {number}") for number in range(CLASSES)])
    labels = class_labels("yolov8", declared, (SIDE, SIDE), options, names)
    given = Answer(arrays, declared, (SIDE, SIDE), options)

    def decode() -> list[Shape]:
        fit = letterbox(_PICTURE, (SIDE, SIDE))
        return list(head.read(given, fit, labels, _THRESHOLD))

    return decode, lambda shapes: encode_detections(shapes, names, _PICTURE)


def _median_ms(call: Callable[[], object]) -> float:
    """Return the median of a call's CPU time in milliseconds: other work affects it little."""
    call()
    times = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1000
