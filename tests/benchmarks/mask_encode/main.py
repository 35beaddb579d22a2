"""Measures the encoding of a full-HD mask for CVAT: as JSON, and its outlines."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np

from modelyard.annotation import Segment, encode_segment
from modelyard.imaging import polygons

WIDTH, HEIGHT = 1920, 1080
ROUNDS: Final = 15
ENCODE_MS: Final = 15.0
WITH_OUTLINES_MS: Final = 30.0
BYTES_A_PIXEL: Final = 2.2


def main() -> int:
    """Measure, print, and return 0 if all targets are met."""
    mask = ragged_mask()
    (outline, *_) = polygons(mask)
    segment = Segment(mask, tuple(outline.ravel()))
    kept = True

    encode = best_ms(lambda: encode_segment(segment))
    # The standard library takes seconds in total, so it gets fewer rounds.
    standard = best_ms(lambda: json.dumps({"mask": mask.astype(int).tolist()}), rounds=3)
    size = len(encode_segment(segment)) / mask.size
    kept &= encode <= ENCODE_MS and size <= BYTES_A_PIXEL
    print(f"mask: {WIDTH}x{HEIGHT}, {mask.mean():.0%} of it covered, {len(outline)} vertices")
    print(
        f"encode: {encode:.1f} ms (target {ENCODE_MS}), {size:.3f} bytes a pixel"
        f" (target {BYTES_A_PIXEL})"
    )
    print(f"  json.dumps of lists: {standard:.0f} ms, {standard / encode:.0f} times as long")

    trace = best_ms(lambda: polygons(mask))
    both = best_ms(lambda: whole_answer(mask))
    kept &= both <= WITH_OUTLINES_MS
    print(f"outlines: {trace:.1f} ms")
    print(f"mask to outlines to JSON: {both:.1f} ms (target {WITH_OUTLINES_MS})")
    return int(not kept)


def whole_answer(mask: Any) -> bytes:
    """Return an interactor's answer with that mask."""
    return encode_segment(Segment(mask, tuple(polygons(mask)[0].ravel())))


def ragged_mask() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return a mask like a network's: a large blob with a ragged border, holes and specks."""
    noise = np.random.default_rng(3).normal(size=(HEIGHT // 8, WIDTH // 8)).astype(np.float32)
    rough = cv2.resize(cv2.GaussianBlur(noise, (0, 0), 2), (WIDTH, HEIGHT))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    distance = np.hypot((x - WIDTH / 2) / 700, (y - HEIGHT / 2) / 420)
    return np.asarray(1 - distance + 1.5 * rough > 0)


def best_ms(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least CPU time of a call in milliseconds: other work affects it little."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return min(times) * 1000


if __name__ == "__main__":
    sys.exit(main())
