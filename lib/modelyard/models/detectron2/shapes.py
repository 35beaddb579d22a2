"""Converts the output of detectron2's networks to CVAT's shapes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Keypoint, Label, Mask, Rectangle, Shape, Skeleton
from modelyard.imaging import crop, polygons
from modelyard.models.detectron2.classes import Classes
from modelyard.models.detectron2.importing import Instances

# detectron2 does not draw joints below this score (_KEYPOINT_THRESHOLD of its visualizer).
_VISIBLE: Final = 0.05


def instance_shapes(instances: Instances, classes: Classes) -> Iterator[Shape]:
    """Yield a shape for each object, best first, of the type that its label requires.

    A label of type skeleton gets joints and one of type rectangle a box; any other a mask if the
    network predicts masks, else a box.

    Args:
        instances: On the CPU, in pixels of the image.
        classes: The labels of the classes.
    """
    found = instances.get_fields()
    boxes = found["pred_boxes"].tensor.numpy()
    masks = found["pred_masks"].numpy() if "pred_masks" in found else None
    joints = found["pred_keypoints"].numpy() if "pred_keypoints" in found else None
    scores, numbers = found["scores"].numpy(), found["pred_classes"].tolist()
    for index in np.argsort(-scores, kind="stable"):
        label = classes.things.get(numbers[index])
        if label is None:
            continue
        score = float(scores[index])
        if label.type == "skeleton" and joints is not None:
            yield _skeleton(label, joints[index], classes.joints, score)
        elif masks is not None and label.type != "rectangle":
            yield from _mask(label, masks[index], score)
        else:
            yield Rectangle(label.name, boxes[index], confidence=score)


def panoptic_shapes(
    segments: NDArray[np.int32], described: list[Mapping[str, Any]], classes: Classes
) -> Iterator[Shape]:
    """Yield a mask for each segment of an image: objects with scores, then stuff without.

    Args:
        segments: int32 [height, width], the number of the segment of each pixel, 0 for none.
        described: `segments_info` from detectron2.
        classes: The labels of the classes.
    """
    for segment in described:
        labels = classes.things if segment["isthing"] else classes.stuff
        label = labels.get(segment["category_id"])
        if label is not None:
            yield from _mask(label, segments == segment["id"], segment.get("score"))


def _mask(label: Label, mask: NDArray[np.bool_], score: float | None) -> Iterator[Mask]:
    """Yield the shape of bool [height, width], or nothing if it covers no pixel."""
    part = crop(mask)
    if part is not None:
        outline = tuple((polygons(part.bitmap)[0] + (part.left, part.top)).ravel())
        yield Mask(label.name, *part, polygon=outline, confidence=score)


def _skeleton(
    label: Label, joints: NDArray[np.float32], names: tuple[str, ...], score: float
) -> Skeleton:
    """Return the shape of joints float32 [N, 3] of x, y and score, one for each of `names`."""
    wanted = {sublabel.name for sublabel in label.sublabels}
    elements = tuple(
        Keypoint(name, (x, y), outside=bool(seen < _VISIBLE))
        for name, (x, y, seen) in zip(names, joints, strict=True)
        if name in wanted
    )
    return Skeleton(label.name, elements, confidence=score)
