"""More forms: detectors that select their boxes, boxes and scores, class maps."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from modelyard_tools.scaffold.testing import planted
from modelyard_tools.scaffold.testing.forms import _STATED, SIZE, Form
from modelyard_tools.scaffold.testing.planted import Object, Outputs, Size


def _mmdeploy(objects: Sequence[Object], size: Size) -> Outputs:
    boxes, scores, kinds = planted.listed(objects)
    dets = np.concatenate((boxes, scores[:, None]), axis=1)[None]
    return {"dets": dets, "labels": kinds.astype(np.int64)[None]}


def _mmdeploy_masks(objects: Sequence[Object], size: Size) -> Outputs:
    """Masks of 28 x 28 over the box: its left half."""
    masks = np.zeros((1, 20, 28, 28), np.float32)
    masks[..., :14] = 1
    return {**_mmdeploy(objects, size), "masks": masks}


def _efficient_nms(objects: Sequence[Object], size: Size) -> Outputs:
    boxes, scores, kinds = planted.listed(objects, 100)
    # Beyond the number, rows are left over from another image.
    boxes[len(objects) :], scores[len(objects) :] = (1, 1, 50, 50), 0.9
    return {
        "num_dets": np.array([[len(objects)]], np.int32),
        "det_boxes": boxes[None],
        "det_scores": scores[None],
        "det_classes": kinds.astype(np.int32)[None],
    }


def _tensorflow(objects: Sequence[Object], size: Size) -> Outputs:
    """y before x, fractions, ids from 1."""
    boxes, scores, kinds = planted.listed(objects)
    swapped = (boxes / (*size, *size))[:, [1, 0, 3, 2]]
    return {
        "detection_boxes": swapped.astype(np.float32)[None],
        "detection_classes": (kinds + 1)[None],
        "detection_scores": scores[None],
        "num_detections": np.array([len(objects)], np.float32),
    }


def _torchvision(objects: Sequence[Object], size: Size) -> Outputs:
    """Without a batch; class 0 is the background."""
    boxes, scores, kinds = planted.listed(objects, len(objects))
    return {"boxes": boxes, "labels": kinds.astype(np.int64) + 1, "scores": scores}


def _torchvision_masks(objects: Sequence[Object], size: Size) -> Outputs:
    masks = np.zeros((len(objects), 1, size[1], size[0]), np.float32)
    for number, item in enumerate(objects):
        left, top, _, bottom = (max(round(value), 0) for value in item.box)
        masks[number, 0, top:bottom, left : max(round(item.center[0]), 0)] = 1
    return {**_torchvision(objects, size), "masks": masks}


def _torchvision_joints(objects: Sequence[Object], size: Size) -> Outputs:
    joints = np.array([item.joints for item in objects], np.float32).reshape(-1, 3, 3)
    return {
        **_torchvision(objects, size),
        "keypoints": joints,
        "keypoints_scores": joints[..., 2],
    }


def _pixel_boxes(objects: Sequence[Object], size: Size) -> Outputs:
    """[1, N, 4] corners in pixels and [1, N, C] probabilities, before suppression."""
    cells = planted.grid(size)
    boxes = np.concatenate((cells[:, :2] - cells[:, 2:] / 2, cells[:, :2] + cells[:, 2:] / 2), 1)
    scores = np.full((len(cells), 3), 0.001, np.float32)
    for number, item in enumerate(objects):
        boxes[4 * number + 1] = item.box
        scores[4 * number + 1, item.kind] = item.score
    return {"boxes": boxes[None].astype(np.float32), "scores": scores[None]}


_FINAL: Final = "Detectors that select their boxes"
_IMAGE: Final = (1, SIZE[1], SIZE[0], 3)
_FLAT: Final = (3, SIZE[1], SIZE[0])
_TORCH: Final = "names and dtypes of outputs"

DETECTORS: Final = (
    Form(_FINAL, "MMDeploy", "end2end", _mmdeploy, _STATED, resize="letterbox_top_left"),
    Form(
        _FINAL,
        "MMDeploy, masks over the box",
        "end2end",
        _mmdeploy_masks,
        _STATED,
        resize="letterbox_top_left",
        kind="mask",
    ),
    Form(_FINAL, "EfficientNMS's outputs", "end2end", _efficient_nms, _STATED),
    Form(
        _FINAL,
        "TensorFlow Object Detection API",
        "end2end",
        _tensorflow,
        _STATED,
        resize="stretch",
        first=1,
        image=_IMAGE,
        dtype=np.uint8,
        producer="tf2onnx",
    ),
    Form(
        _FINAL,
        "torchvision",
        "end2end",
        _torchvision,
        _TORCH,
        resize="letterbox_top_left",
        first=1,
        image=_FLAT,
    ),
    Form(
        _FINAL,
        "torchvision, masks",
        "end2end",
        _torchvision_masks,
        _TORCH,
        resize="letterbox_top_left",
        first=1,
        image=_FLAT,
        kind="mask",
    ),
    Form(
        _FINAL,
        "torchvision, joints",
        "end2end",
        _torchvision_joints,
        _TORCH,
        resize="letterbox_top_left",
        first=1,
        image=_FLAT,
        kind="skeleton",
    ),
    Form(
        "Boxes and scores",
        "YOLO-NAS, PP-YOLOE: corners in pixels",
        "ssd",
        _pixel_boxes,
        "shape, a run",
        resize="stretch",
    ),
)


def _map(form: str) -> Callable[[Sequence[Object], Size], Outputs]:
    """A class map; class 0 is the background, except in one channel or classes on their own."""

    def plant(objects: Sequence[Object], size: Size) -> Outputs:
        numbers = planted.regions(objects, size)
        chosen = np.stack([numbers == index for index in range(4)])[None]
        one = numbers[None, None] > 0
        logits = np.where(chosen, 7, -3).astype(np.float32)
        values: Outputs = {
            "numbers": numbers[None],
            "logits": logits,
            "auxiliary": logits,
            "channels last": np.ascontiguousarray(logits.transpose(0, 2, 3, 1)),
            "probabilities": np.where(chosen, 0.7, 0.1).astype(np.float32),
            "own": np.where(chosen[:, 1:], 0.9, 0.05).astype(np.float32),
            "logit": np.where(one, 5, -5).astype(np.float32),
            "probability": np.where(one, 0.9, 0.1).astype(np.float32),
        }
        more = {"aux": logits[:, ::-1].copy()} if form == "auxiliary" else {}
        return {"out": values[form], **more}

    return plant


_MAPS: Final = "Semantic segmentation"


def _semantic(form: str, plant: str, classes: int = 4) -> Form:
    return Form(
        _MAPS,
        form,
        "segmentation",
        _map(plant),
        "shape, a run",
        resize="stretch",
        kind="map",
        classes=classes,
    )


MAPS: Final = (
    _semantic("logits", "logits"),
    _semantic("probabilities", "probabilities"),
    _semantic("channels last", "channels last"),
    _semantic("torchvision's out and aux", "auxiliary"),
    _semantic("class numbers", "numbers"),
    _semantic("classes on their own", "own", 3),
    _semantic("one channel of logits", "logit", 1),
    _semantic("one channel of probabilities", "probability", 1),
)
