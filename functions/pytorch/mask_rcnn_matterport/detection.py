"""From proposals to objects: selection and refinement of boxes.

NMS is that of TensorFlow, which the author called: boxes without area are kept. At the edge of the
image such a box becomes one pixel wide.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelyard.inference.boxes import nms

CANDIDATES: Final = 6000
"""Maximum number of top-scoring anchors considered."""
PROPOSALS: Final = 1000
"""Maximum number of classified boxes."""
LIMIT: Final = 100
"""Maximum number of reported objects."""

_PROPOSAL_OVERLAP: Final = 0.7
_OBJECT_OVERLAP: Final = 0.3
# Standard deviations that scale the network's box deltas.
_UNITS: Final = (0.1, 0.1, 0.2, 0.2)


class Objects(NamedTuple):
    """Objects, best first.

    Attributes:
        boxes: float32 [N, 4] of top, left, bottom, right as fractions of the network's input.
        classes: int64 [N], 1..80.
        scores: float32 [N], 0..1.
    """

    boxes: Tensor
    classes: Tensor
    scores: Tensor


def propose(scores: Tensor, deltas: Tensor, anchors: Tensor) -> Tensor:
    """Return the boxes float32 [N, 4] to classify, N at most `PROPOSALS`.

    Args:
        scores: float32 [A], 0..1, of each anchor.
        deltas: float32 [A, 4].
        anchors: float32 [A, 4] of top, left, bottom, right as fractions.
    """
    # Equal scores keep the order of the anchors, as in TensorFlow; `topk` does not guarantee that.
    best, order = (each[:CANDIDATES] for each in scores.sort(descending=True, stable=True))
    boxes = _changed(anchors[order], deltas[order]).clamp(0, 1)
    kept = nms(_numpy(boxes), _numpy(best), _PROPOSAL_OVERLAP, limit=PROPOSALS, keep_empty=True)
    return boxes[torch.from_numpy(kept).to(boxes.device)]


def choose(
    boxes: Tensor,
    probabilities: Tensor,
    deltas: Tensor,
    *,
    window: NDArray[np.float32],
    threshold: float,
    classes: NDArray[np.bool_],
) -> Objects:
    """Return the objects with a score of at least `threshold` among classified boxes.

    Each box gets only its most probable class.

    Args:
        boxes: float32 [N, 4] of top, left, bottom, right as fractions.
        probabilities: float32 [N, 81]; the first is the background's.
        deltas: float32 [N, 81, 4].
        window: float32 [4]; boxes are clipped to it.
        threshold: 0..1.
        classes: bool [81], which classes to report.
    """
    scores, found = probabilities.max(dim=1)
    changed = _changed(boxes, deltas[torch.arange(len(found), device=found.device), found])
    bounds = torch.from_numpy(window).to(boxes.device)
    changed = changed.clamp(min=bounds[:2].repeat(2), max=bounds[2:].repeat(2))
    wanted = torch.from_numpy(classes).to(found.device)[found] & (found > 0)
    kept = torch.nonzero(wanted & (scores >= threshold))[:, 0]
    best = nms(
        _numpy(changed[kept]),
        _numpy(scores[kept]),
        _OBJECT_OVERLAP,
        classes=found[kept].cpu().numpy(),
        limit=LIMIT,
        keep_empty=True,
    )
    kept = kept[torch.from_numpy(best).to(kept.device)]
    return Objects(changed[kept], found[kept], scores[kept])


def _changed(boxes: Tensor, deltas: Tensor) -> Tensor:
    """Apply deltas: shift centres in units of the boxes' sides, scale sides exponentially."""
    shifts, growth = (deltas * deltas.new_tensor(_UNITS)).chunk(2, dim=1)
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + 0.5 * sides + shifts * sides
    halves = 0.5 * sides * growth.exp()
    return torch.cat((centres - halves, centres + halves), dim=1)


def _numpy(values: Tensor) -> NDArray[np.float32]:
    return values.cpu().numpy()
