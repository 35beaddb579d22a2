"""Measures how much faster the vectorised YOLOv3 decoder is than a loop over its cells.

    ./pants run tests/benchmarks/yolo_decode

Both decode the same three heads of a 416x416 input, 10 647 boxes of 80 classes with about a hundred
objects, and must give the same boxes; both without non-maximum suppression. Prints the ratio of the
fastest of several runs for two loops: one that checks every class of every cell, the target, and
one that skips cells without an object, for comparison. Exit code 1 if the first ratio is below 50
or any boxes differ.
"""

import argparse
import math
import sys
import timeit
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.yolo_v3 import decode

_SIDE: Final = 416
_CLASSES: Final = 80
_THRESHOLD: Final = 0.5
_LEAST: Final = 50.0
_ANCHORS: Final = {
    13: ((116, 90), (156, 198), (373, 326)),
    26: ((30, 61), (62, 45), (59, 119)),
    52: ((10, 13), (16, 30), (33, 23)),
}

Heads = dict[int, NDArray[np.float32]]


def heads() -> Heads:
    """Return realistic head outputs: almost everything far below the threshold."""
    random = np.random.default_rng(416)
    result = {}
    for grid, anchors in _ANCHORS.items():
        head = random.normal(-6, 1, (len(anchors), 5 + _CLASSES, grid, grid))
        head[:, :4] = random.normal(0, 0.5, head[:, :4].shape)
        for _ in range(35):
            cell = head[random.integers(3), :, random.integers(grid), random.integers(grid)]
            cell[[4, 5 + int(random.integers(_CLASSES))]] = 4
        result[grid] = head.reshape(-1, grid, grid).astype(np.float32)
    return result


def plain(given: Heads, *, skip: bool) -> list[tuple[float, ...]]:
    """Decode cell by cell and class by class; class, score, left, top, right, bottom.

    With `skip` it skips cells without an object, as CVAT's handler does.
    """
    found: list[tuple[float, ...]] = []
    for grid, head in given.items():
        for anchor, (width, height) in enumerate(_ANCHORS[grid]):
            start = anchor * (5 + _CLASSES)
            for row in range(grid):
                for column in range(grid):
                    objectness = _sigmoid(head[start + 4, row, column])
                    if skip and objectness < _THRESHOLD:
                        continue
                    x = (column + _sigmoid(head[start, row, column])) / grid
                    y = (row + _sigmoid(head[start + 1, row, column])) / grid
                    w = math.exp(head[start + 2, row, column]) * width / _SIDE
                    h = math.exp(head[start + 3, row, column]) * height / _SIDE
                    for number in range(_CLASSES):
                        score = objectness * _sigmoid(head[start + 5 + number, row, column])
                        if score >= _THRESHOLD:
                            box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                            found.append((number, score, *box))
    return found


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def vectorised(given: Heads) -> NDArray[Any]:
    """Decode with the library; rows as in `plain`."""
    parts = [
        decode(head, _ANCHORS[grid], (_SIDE, _SIDE), _THRESHOLD) for grid, head in given.items()
    ]
    columns = [(part.classes, part.scores, part.boxes) for part in parts]
    return np.concatenate([np.column_stack(column) for column in columns])


def main() -> int:
    """Compare, print the ratios, and return the exit code."""
    argparse.ArgumentParser(description="YOLOv3 decoder compared with a plain loop.").parse_args()
    given = heads()
    found = vectorised(given)
    fast = min(timeit.repeat(lambda: vectorised(given), number=10, repeat=5)) / 10
    print(f"vectorised: {fast * 1000:.2f} ms, {len(found)} boxes")
    passed = True
    for skip, name in ((False, "loop"), (True, "loop that skips cells without an object")):
        expected = np.array(plain(given, skip=skip))
        slow = min(timeit.repeat(partial(plain, given, skip=skip), number=1, repeat=3))
        same = expected.shape == found.shape and np.allclose(
            _sorted(expected), _sorted(found), atol=1e-4
        )
        print(
            f"{name}: {slow * 1000:.1f} ms, {'the same' if same else 'OTHER'} boxes; "
            f"vectorised is {slow / fast:.0f}x faster"
        )
        passed = passed and same and (skip or slow / fast >= _LEAST)
    return 0 if passed else 1


def _sorted(rows: NDArray[Any]) -> NDArray[Any]:
    return rows[np.lexsort(rows.round(3).T)]


if __name__ == "__main__":
    sys.exit(main())
