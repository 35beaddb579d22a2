"""Rotated boxes as rectangles."""

import numpy as np

from modelyard.annotation import Rectangle
from modelyard.imaging import Fit
from modelyard.inference.heads.found import Floats, Found, Labels, candidates
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.results.probiou import rotated_nms


def best_rotated(found: Found, angles: Floats, options: HeadOptions) -> Found:
    """Apply non-maximum suppression; return at most `options.limit` boxes, best first.

    Args:
        found: Their boxes are those before the rotation around their centre.
        angles: Radians, by `found.rows`.
        options: Of the head.

    Raises:
        HeadError: the scores are not probabilities.
    """
    found = candidates(found)
    boxes = _centres(found.boxes)
    found = found.take(np.flatnonzero((boxes[:, 2:] > 0).all(axis=1)))
    if options.nms == "none":
        return found.take(np.argsort(-found.scores, kind="stable")[: options.limit])
    classes = found.classes if options.nms == "class" else None
    kept = rotated_nms(
        _centres(found.boxes), angles[found.rows], found.scores, options.nms_threshold, classes
    )
    return found.take(kept[: options.limit])


def rotated_rectangles(found: Found, angles: Floats, fit: Fit, labels: Labels) -> list[Rectangle]:
    """Return detections, whose classes have labels, as rotated rectangles in pixels of the image.

    They are not clipped, which would move them.

    Args:
        found: Their boxes are those before the rotation around their centre.
        angles: [N], radians, clockwise.
        fit: How the image is placed in the input.
        labels: By class number.
    """
    boxes = _centres(found.boxes)
    directions = angles.astype(np.float64)[:, None] + (0, np.pi / 2)
    # The two axes of each box, [N, 2, x and y], in the image. If it was stretched, they are no
    # longer at right angles, and the longer one says how the box lies.
    axes = np.stack((np.cos(directions), np.sin(directions)), axis=2) * boxes[:, 2:, None]
    axes /= fit.scale
    sides = np.hypot(axes[..., 0], axes[..., 1])
    turns = np.arctan2(axes[..., 1], axes[..., 0]) - (0, np.pi / 2)
    longer = sides.argmax(axis=1)
    degrees = np.degrees(turns[np.arange(len(turns)), longer])
    centres = fit.to_source(boxes[:, :2])
    corners = np.concatenate((centres - sides / 2, centres + sides / 2), axis=1)
    return [
        Rectangle(labels[kind].name, box, confidence=score, rotation=rotation)
        for box, rotation, score, kind in zip(
            corners, degrees, found.scores, found.classes.tolist(), strict=True
        )
    ]


def _centres(boxes: Floats) -> Floats:
    """Return left, top, right, bottom [N, 4] as centre and size."""
    return np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), axis=1)
