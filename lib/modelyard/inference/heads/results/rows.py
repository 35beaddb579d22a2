"""Rows of boxes, scores and what belongs to a task, as shapes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Shape
from modelyard.imaging import Fit
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Answer, Found, Labels, best, labelled
from modelyard.inference.heads.options import HeadOptions
from modelyard.inference.heads.results.masks import prototype_masks
from modelyard.inference.heads.results.prototypes import Layout, Prototypes
from modelyard.inference.heads.results.rectangles import rectangles
from modelyard.inference.heads.results.rotated import best_rotated, rotated_rectangles
from modelyard.inference.heads.results.skeletons import skeletons


class Rows(NamedTuple):
    """The detections of a network before suppression.

    Attributes:
        found: Boxes, scores and classes.
        more: Floats [N, E], the rest of each row, in the order of `found.rows`: nothing, M
            coefficients of masks, the values of the joints, or the rotation in radians.
        prototypes: Of the masks, for the task "segment".
    """

    found: Found
    more: NDArray[Any]
    prototypes: Prototypes | None


def extra_columns(options: HeadOptions, prototypes: Layout | None) -> int:
    """Return E, how many values a row has for its task; -1 if the network leaves it open.

    Raises:
        HeadError: `kpt_shape` is missing.
    """
    match options.task:
        case "segment":
            return prototypes.maps if prototypes else 0
        case "pose":
            if options.kpt_shape is None:
                raise HeadError(
                    'task "pose" needs the number of joints and of their values: '
                    'head_options={"kpt_shape": [joints, 2 or 3]}'
                )
            return options.kpt_shape[0] * options.kpt_shape[1]
        case "obb":
            return 1
        case _:
            return 0


def shapes_of(rows: Rows, answer: Answer, fit: Fit, labels: Labels) -> Sequence[Shape]:
    """Return the shapes of the task in pixels of the image, best first.

    Raises:
        HeadError: the scores are not probabilities.
    """
    options = answer.options
    found = labelled(rows.found, labels)
    more = np.asarray(rows.more[found.rows], np.float32)
    usable = np.isfinite(more).all(axis=1)
    if not usable.all():
        found, more = found.take(np.flatnonzero(usable)), more[usable]
    # From here on, a row is a position in `more`.
    found = found._replace(rows=np.arange(len(more)))
    if options.task == "obb":
        found = best_rotated(found, more[:, 0], options)
        return rotated_rectangles(found, more[found.rows, 0], fit, labels)
    found = best(found, options)
    more = more[found.rows]
    if options.task == "pose":
        joints = more.reshape(len(more), *(options.kpt_shape or (-1, 2)))
        placed = np.concatenate((answer.points(joints[..., :2]), joints[..., 2:]), axis=2)
        return skeletons(found, placed, fit, labels)
    if rows.prototypes is not None:
        return prototype_masks(found, more, rows.prototypes, fit, labels)
    return rectangles(found, fit, labels)
