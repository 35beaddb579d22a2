"""Networks that end with their own selection of boxes, told by the names of their outputs.

* TensorFlow's Object Detection API: `detection_boxes`, `detection_classes`, `detection_scores`,
  `num_detections`; y before x, fractions, class ids from 1;
* TensorFlow Lite's `TFLite_Detection_PostProcess`: four outputs in that order, ids from 0;
* MMDeploy: `dets` [1, N, 5] and `labels`, perhaps `masks`; pixels;
* TensorRT's EfficientNMS, as the authors of YOLOv5, v6 and v7 add it: `num_dets`, `det_boxes`,
  `det_scores`, `det_classes`; pixels;
* torchvision's detectors: `boxes`, `labels`, `scores`, perhaps `masks`; pixels, ids from 1.
"""

from typing import Final

import numpy as np

from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.readers.facts import (
    ASSUMED,
    DOCUMENTED,
    ModelFile,
    Probe,
    Reading,
    is_image,
)

_NAMES: Final = "the names of its outputs"
_UNIT: Final = {"mean": [0.0, 0.0, 0.0], "scale": [255.0, 255.0, 255.0]}


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to read a network that selects its boxes; None if the names do not tell.

    Raises:
        ReadingError: it does not say how many classes it has.
    """
    reading = (
        _tensorflow(file)
        or _tflite(file)
        or _mmdeploy(file)
        or _efficient_nms(file)
        or _torchvision(file)
    )
    if reading is None:
        return None
    reading.set(DOCUMENTED, nms="none")
    # Ids from 1, unless the labels have a background themselves.
    from_one = reading.options.get("background") == "first" and not _has_background(file)
    reading.name(file, None, first=int(from_one))
    return reading


def _has_background(file: ModelFile) -> bool:
    return file.labels.get(0, "-").strip("_? ").lower() in {"", "background"}


def _tensorflow(file: ModelFile) -> Reading | None:
    names = {_bare(port.name) for port in file.outputs}
    if not {"detection_boxes", "detection_scores", "detection_classes"} <= names:
        return None
    reading = _final(file, "TensorFlow's Object Detection API")
    # Its exporter adds the normalisation to the graph and takes pixels.
    pixels = all(port.dtype == np.uint8 for port in file.inputs if is_image(port.shape))
    scale = {} if pixels else {"mean": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]}
    reading.set(
        DOCUMENTED,
        boxes="yxyx",
        box_unit="fractions",
        resize="stretch",
        background="first",
        **scale,
    )
    return reading


def _tflite(file: ModelFile) -> Reading | None:
    """Four outputs, of which only the order tells what they are."""
    if file.suffix != ".tflite" or len(file.outputs) != 4:
        return None
    boxes, classes, scores, count = (port.shape for port in file.outputs)
    if boxes[-1:] != (4,) or classes != scores or boxes[:-1] != classes or len(count) > 1:
        return None
    reading = _final(file, "TFLite_Detection_PostProcess")
    reading.set(DOCUMENTED, boxes="yxyx", box_unit="fractions", resize="stretch")
    quantised = any(port.dtype.kind in "iu" for port in file.inputs)
    if not quantised:
        source = f"{ASSUMED} (-1..1, as TensorFlow's detectors)"
        reading.set(source, mean=[127.5] * 3, scale=[127.5] * 3)
    return reading


def _mmdeploy(file: ModelFile) -> Reading | None:
    ports = {port.name: port.shape for port in file.outputs}
    if not {"dets", "labels"} <= ports.keys() or ports["dets"][-1:] != (5,):
        return None
    masks = "masks" in ports
    reading = _final(file, "MMDeploy")
    reading.label_type = "mask" if masks else "rectangle"
    reading.set(_NAMES, task="segment" if masks else "detect")
    reading.set(DOCUMENTED, boxes="xyxy", box_unit="pixels")
    reading.set(
        f"{ASSUMED} (MMDetection's usual pipeline)",
        resize="letterbox_top_left",
        padding=0,
        mean=list(IMAGENET_MEAN),
        scale=list(IMAGENET_STD),
    )
    return reading


def _efficient_nms(file: ModelFile) -> Reading | None:
    names = {port.name for port in file.outputs}
    for prefix in ("det_", ""):
        if {f"{prefix}boxes", f"{prefix}scores", f"{prefix}classes"} <= names and names & {
            "num_dets",
            "num_detections",
        }:
            break
    else:
        return None
    reading = _final(file, "EfficientNMS")
    reading.set(DOCUMENTED, boxes="xyxy", box_unit="pixels")
    reading.set(f"{ASSUMED} (as YOLOv5, v6 and v7)", resize="letterbox", **_UNIT)
    return reading


def _torchvision(file: ModelFile) -> Reading | None:
    """Boxes [N, 4] without a batch, whole numbers as labels, scores."""
    ports = {port.name: port for port in file.outputs}
    boxes, labels, scores = (ports.get(name) for name in ("boxes", "labels", "scores"))
    if boxes is None or labels is None or scores is None or len(boxes.shape) != 2:
        return None
    if labels.dtype.kind not in "iu":
        return None
    reading = _final(file, "torchvision")
    if "keypoints" in ports:
        joints = ports["keypoints"].shape[1]
        reading.label_type = "skeleton"
        reading.joints = tuple(str(number) for number in range(joints))
        reading.set("the shape of its output keypoints", task="pose", kpt_shape=[joints, 3])
    else:
        masks = "masks" in ports
        reading.label_type = "mask" if masks else "rectangle"
        reading.set(_NAMES, task="segment" if masks else "detect")
    reading.set(
        DOCUMENTED,
        boxes="xyxy",
        box_unit="pixels",
        resize="letterbox_top_left",
        padding=0,
        background="first",
        **_UNIT,
    )
    return reading


def _final(file: ModelFile, who: str) -> Reading:
    listed = ", ".join(_bare(port.name) for port in file.outputs)
    return Reading("end2end", f"{_NAMES} ({listed}: {who})", label_type="rectangle")


def _bare(name: str) -> str:
    """Return TensorFlow's name of an output without its number."""
    return name.partition(":")[0]
