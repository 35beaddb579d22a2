"""Overlap of rotated boxes by their Gaussians, and suppression by it.

Llerena, Zeni, Kristen and Jung, "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union
for Object Detection" (arXiv 2106.06072): a box is a normal distribution with its centre as the mean
and the variances of a uniform distribution along its sides, rotated with it. The overlap is one
minus the Hellinger distance of two such distributions, from 0 to 1.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def probiou(boxes: Floats, angles: Floats, box: Floats, angle: float) -> NDArray[np.float64]:
    """Return the overlap 0..1, [N], of boxes and one box.

    Args:
        boxes: [N, 4], centre, width and height, with sides longer than 0.
        angles: [N], radians.
        box: [4], the other one.
        angle: Its rotation.
    """
    xx, yy, xy = covariances(boxes, angles)
    (x, y), (other_xx, other_yy, other_xy) = box[:2], covariances(box[None], np.array([angle]))
    step_x, step_y = (boxes[:, :2].astype(np.float64) - (x, y)).T
    # Sums, twice the mean of the two matrices.
    sum_xx, sum_yy, sum_xy = xx + other_xx, yy + other_yy, xy + other_xy
    determinant = sum_xx * sum_yy - sum_xy**2
    apart = (sum_yy * step_x**2 + sum_xx * step_y**2 - 2 * sum_xy * step_x * step_y) / determinant
    own = (xx * yy - xy**2) * (other_xx * other_yy - other_xy**2)
    unlike = np.log(determinant / (4 * np.sqrt(own)))
    bhattacharyya = apart / 4 + unlike / 2
    # Rounding may leave it a little below 0 for equal boxes.
    return np.asarray(1 - np.sqrt(1 - np.exp(-bhattacharyya.clip(0))), np.float64)


def covariances(
    boxes: Floats, angles: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the covariances xx, yy, xy, each [N], of boxes [N, 4] by centre and size."""
    along, across = np.square(boxes[:, 2:].astype(np.float64)).T / 12
    cosine, sine = np.cos(angles.astype(np.float64)), np.sin(angles.astype(np.float64))
    return (
        along * cosine**2 + across * sine**2,
        along * sine**2 + across * cosine**2,
        (along - across) * cosine * sine,
    )


def rotated_nms(
    boxes: Floats,
    angles: Floats,
    scores: Floats,
    threshold: float,
    classes: NDArray[np.integer[Any]] | None,
) -> NDArray[np.int64]:
    """Return the indices of the boxes to keep, best score first; ties keep their order.

    A box is dropped if its overlap with any better box exceeds the threshold, even with one that is
    dropped itself: so does Ultralytics' prediction of rotated boxes.

    Args:
        boxes: [N, 4], centre, width and height, with sides longer than 0.
        angles: [N], radians.
        scores: [N].
        threshold: 0..1.
        classes: [N]; if given, boxes suppress only boxes of their own class.
    """
    ranked = np.argsort(-scores, kind="stable")
    hidden = np.zeros(len(ranked), np.bool_)
    for place, best in enumerate(ranked):
        others = ranked[place + 1 :]
        near = probiou(boxes[others], angles[others], boxes[best], angles[best]) > threshold
        if classes is not None:
            near &= classes[others] == classes[best]
        hidden[place + 1 :] |= near
    return np.asarray(ranked[~hidden], np.int64)
