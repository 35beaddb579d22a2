"""Recognition of cropped lines of text."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard import Pixels

HEIGHT: Final = 48
# The network was trained on lines of this width; shorter ones are padded to it.
_NARROWEST: Final = 320
# A line longer than 66 times its height is squeezed: it is unreadable anyway, and costs memory.
_WIDEST: Final = 3200
# Rotated if its height exceeds its width by this factor.
_UPRIGHT: Final = 1.5
_BLANK: Final = "\0"


class Line(NamedTuple):
    """A line's text, and the mean probability of its characters, 0..1; 0 if it has none."""

    text: str
    score: float


def alphabet(listing: str) -> tuple[str, ...]:
    """Return the network's classes: the blank, the given characters, the space."""
    return (_BLANK, *listing.split("\n"), " ")


def cut_out(pixels: Pixels, quad: NDArray[np.float32]) -> Pixels:
    """Rectify a quadrilateral [4, 2] to a rectangle 48 pixels high.

    Its corners go clockwise from the top left, in continuous coordinates. One that is much higher
    than wide is rotated to the left, as if its line ran downwards. uint8 [48, W, 3], W at least 1;
    colours unchanged.
    """
    across = max(_length(quad[0], quad[1]), _length(quad[3], quad[2]), 1.0)
    down = max(_length(quad[0], quad[3]), _length(quad[1], quad[2]), 1.0)
    if down / across >= _UPRIGHT:
        # Then the line starts at the top right corner and runs down the right side.
        quad, across, down = np.roll(quad, -1, axis=0), down, across
    width = min(max(math.ceil(HEIGHT * across / down), 1), _WIDEST)
    target = np.array([(0, 0), (width, 0), (width, HEIGHT), (0, HEIGHT)], np.float32)
    # OpenCV's origin is the centre of the first pixel.
    transform = cv2.getPerspectiveTransform(quad.astype(np.float32) - 0.5, target - 0.5)
    return np.asarray(
        cv2.warpPerspective(
            pixels,
            transform,
            (width, HEIGHT),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _length(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(first - second))


def batches(widths: Sequence[int], budget: int) -> list[list[int]]:
    """Group lines of similar width: indices, with the width of each group at most `budget`.

    The width of a group is that of its widest line, at least 320, times its number of lines. A line
    wider than the budget is its own group.
    """
    groups: list[list[int]] = []
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        width = max(widths[index], _NARROWEST)
        if groups and width * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def pack(lines: Sequence[Pixels]) -> NDArray[np.float32]:
    """Return lines [48, W, 3] RGB as network input.

    float32 [N, 3, 48, W of the widest, at least 320], BGR, -1..1, with 0 to the right.
    """
    width = max(_NARROWEST, *(line.shape[1] for line in lines))
    packed = np.zeros((len(lines), 3, HEIGHT, width), np.float32)
    for target, line in zip(packed, lines, strict=True):
        target[..., : line.shape[1]] = line[..., ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
    return packed


def spell(probabilities: NDArray[np.float32], characters: Sequence[str]) -> list[Line]:
    """Decode the probabilities [N, T, classes] at each of T steps to text.

    This is greedy CTC decoding (Graves et al., 2006): take the most probable class at each step,
    merge repetitions unless a blank (class 0) separates them, and drop blanks.
    """
    best = probabilities.argmax(axis=2)
    sure = np.take_along_axis(probabilities, best[..., None], axis=2)[..., 0]
    said = best > 0
    said[:, 1:] &= best[:, 1:] != best[:, :-1]
    return [
        Line(
            "".join(characters[number] for number in classes[mask]),
            float(scores[mask].mean()) if mask.any() else 0.0,
        )
        for classes, scores, mask in zip(best, sure, said, strict=True)
    ]
