"""Joints as skeletons."""

import numpy as np

from modelyard.annotation import Keypoint, Label, Skeleton
from modelyard.imaging import Fit
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Floats, Found, Labels

_VISIBLE = 0.5


def skeletons(found: Found, joints: Floats, fit: Fit, labels: Labels) -> list[Skeleton]:
    """Return the joints of detections as skeletons in pixels of the image.

    Args:
        found: Detections whose classes have labels.
        joints: [N, K, 2 or 3]: x, y in pixels of the network's input, and perhaps the probability
            that the joint is visible.
        fit: How the image is placed in the input.
        labels: Their sublabels are the joints.
    """
    width, height = fit.source
    points = fit.to_source(joints[..., :2])
    inside = np.all((points >= 0) & (points <= (width, height)), axis=2)
    if joints.shape[2] == 3:
        inside &= joints[..., 2] >= _VISIBLE
    names = {kind: joint_names(label) for kind, label in labels.items()}
    return [
        Skeleton(
            labels[kind].name,
            tuple(
                Keypoint(name, (x, y), outside=not seen)
                for name, (x, y), seen in zip(names[kind], places, visible, strict=True)
            ),
            confidence=score,
        )
        for places, visible, score, kind in zip(
            points.tolist(), inside.tolist(), found.scores, found.classes.tolist(), strict=True
        )
    ]


def joint_names(label: Label) -> list[str]:
    """Return the names of a skeleton's joints in the network's order.

    That is the order of the sublabels' ids, which count the joints from 0, or else their own.
    """
    ordered = label.sublabels
    if all(joint.id is not None for joint in ordered):
        ordered = tuple(sorted(ordered, key=lambda joint: joint.id or 0))
    return [joint.name for joint in ordered]


def check_joints(label: Label, count: int) -> None:
    """Check that a label is a skeleton with that number of joints.

    Raises:
        HeadError: it is not; the message says what to change.
    """
    if label.type != "skeleton":
        raise HeadError(
            f"the label {label.name!r} is of type {label.type}, but the network finds joints: "
            f"give it the type skeleton and {count} sublabels"
        )
    if len(label.sublabels) != count:
        raise HeadError(
            f"the label {label.name!r} has {len(label.sublabels)} sublabels, but the network finds "
            f"{count} joints"
        )
    ids = {joint.id for joint in label.sublabels}
    if ids != {None} and ids != set(range(count)):
        raise HeadError(
            f"the sublabels of {label.name!r} must have the ids 0 to {count - 1}, the numbers of "
            "the network's joints, or none"
        )
