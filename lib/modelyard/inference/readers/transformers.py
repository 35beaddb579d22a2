"""Detection transformers, told by the names of their inputs and outputs.

* RF-DETR (`rfdetr/export`): `dets` and `labels`, sigmoid for each class, the last column unused;
* RT-DETR, RT-DETRv2, D-FINE and DEIM of their authors (`tools/export_onnx.py`): an input
  `orig_target_sizes`, and `labels`, `boxes`, `scores` in pixels of that size;
* exports of Hugging Face's transformers: `logits` and `pred_boxes`. Whether their scores are a
  softmax with a background or a sigmoid for each class is in `config.json`, in the number of names,
  or else in the values of a trained network.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from modelyard.inference.heads.feeding import SIZE_INPUTS
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.readers import preprocessing
from modelyard.inference.readers.classes import names_of
from modelyard.inference.readers.facts import (
    DOCUMENTED,
    ModelFile,
    Port,
    Probe,
    Reading,
    ReadingError,
)

# `architectures` of config.json: the loss is a softmax over the classes and "no object".
_SOFTMAX: Final = (
    "DetrForObjectDetection",
    "DetrForSegmentation",
    "TableTransformerForObjectDetection",
    "YolosForObjectDetection",
)
_SIGMOID: Final = (
    "ConditionalDetrForObjectDetection",
    "ConditionalDetrForSegmentation",
    "DeformableDetrForObjectDetection",
    "DetaForObjectDetection",
    "RTDetrForObjectDetection",
    "RTDetrV2ForObjectDetection",
    "DFineForObjectDetection",
    "RfDetrForObjectDetection",
    "LwDetrForObjectDetection",
    "DabDetrForObjectDetection",
    "Deimv2ForObjectDetection",
)
_CERTAIN: Final = 0.8
_HALF: Final = 0.5
_NAMES: Final = "the names of its outputs"


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to read a detection transformer; None if the names are not those of one.

    Raises:
        ReadingError: neither configuration nor values tell how it scores.
    """
    return rf_detr(file) or _sized(file) or _hugging_face(file, probe)


def rf_detr(file: ModelFile) -> Reading | None:
    """Return how to read RF-DETR; None if the names of the outputs are not its own."""
    ports = {port.name: port for port in file.outputs}
    if not {"dets", "labels"} <= ports.keys():
        return None
    if ports["dets"].shape[-1:] != (4,) or len(ports["labels"].shape) != 3:
        return None
    masks = "masks" in ports
    reading = Reading("detr", f"{_NAMES} (dets, labels: RF-DETR)")
    reading.label_type = "mask" if masks else "rectangle"
    reading.set(_NAMES, task="segment" if masks else "detect")
    reading.set(
        DOCUMENTED,
        activation="sigmoid",
        background="last",
        boxes="cxcywh",
        box_unit="fractions",
        nms="none",
        resize="stretch",
        mean=list(IMAGENET_MEAN),
        scale=list(IMAGENET_STD),
        limit=300,
    )
    reading.name(file, ports["labels"].shape[-1] - 1)
    return reading


def _sized(file: ModelFile) -> Reading | None:
    sizes = [port.name for port in file.inputs if port.name in SIZE_INPUTS]
    if not sizes or not {"labels", "boxes", "scores"} <= {port.name for port in file.outputs}:
        return None
    source = f"its input {sizes[0]} and the names of its outputs"
    reading = Reading("end2end", f"{source} (RT-DETR, D-FINE, DEIM)")
    reading.label_type = "rectangle"
    reading.set(
        DOCUMENTED,
        boxes="xyxy",
        box_unit="pixels",
        nms="none",
        resize="stretch",
        mean=[0.0, 0.0, 0.0],
        scale=[255.0, 255.0, 255.0],
        limit=300,
    )
    reading.name(file, None)
    return reading


def _hugging_face(file: ModelFile, probe: Probe) -> Reading | None:
    ports = {port.name: port for port in file.outputs}
    if not {"logits", "pred_boxes"} <= ports.keys() or len(ports["logits"].shape) != 3:
        return None
    names = names_of(preprocessing.stated(file, preprocessing.CONFIG).get("id2label"))
    reading = Reading("detr", f"{_NAMES} (logits, pred_boxes)")
    reading.label_type = "rectangle"
    activation, source = _scoring(file, ports["logits"], names, probe)
    background = "last" if activation == "softmax" else "none"
    reading.set(source, activation=activation, background=background)
    reading.set(
        DOCUMENTED, boxes="cxcywh", box_unit="fractions", nms="none", resize="stretch", limit=300
    )
    known = {*_SOFTMAX, *_SIGMOID}.intersection(preprocessing.architectures(file))
    preprocessing.feed(file, reading, bool(known))
    count = ports["logits"].shape[-1] - (background == "last")
    if not file.labels and names and max(names) < count:
        reading.names, reading.named_by = names, "config.json beside it: id2label"
    else:
        reading.name(file, count)
    return reading


def _scoring(
    file: ModelFile, logits: Port, names: Mapping[int, str], probe: Probe
) -> tuple[str, str]:
    """Return the activation and where it is from; `names` are those of its configuration.

    Raises:
        ReadingError: nothing tells.
    """
    for architecture in preprocessing.architectures(file):
        for activation, known in (("softmax", _SOFTMAX), ("sigmoid", _SIGMOID)):
            if architecture in known:
                return activation, f"config.json beside it: architectures ({architecture})"
    classes = logits.shape[-1]
    if names and max(names) == len(names) - 1 and classes - len(names) in {0, 1}:
        activation = "sigmoid" if classes == len(names) else "softmax"
        return activation, f"config.json beside it: {len(names)} names for {classes} logits"
    values = np.concatenate(
        [arrays[logits.name].reshape(-1, logits.shape[-1]) for arrays in probe()]
    )
    finite = values[np.isfinite(values).all(axis=1)].astype(np.float64)
    if len(finite):
        others = finite[:, :-1]
        # Most queries of a trained network find nothing: with a softmax the last class wins them,
        # with a sigmoid all classes are unlikely, and none of them wins most.
        lead = finite[:, -1] - others.max(axis=1) if others.size else np.full(len(finite), -1.0)
        nothing = (lead > 1).mean()
        unlikely = (finite.max(axis=1) < 0).mean()
        if unlikely >= _CERTAIN and (lead > 0).mean() < _HALF:
            return "sigmoid", "a run: most queries are below 0 for every class"
        if nothing >= _CERTAIN and (finite[:, -1] > 0).mean() >= _CERTAIN:
            return "softmax", 'a run: the last class, "no object", wins most queries'
    raise ReadingError(
        f"{file.name} does not say how its logits become scores, and a run does not show it; put "
        "the model's config.json beside it, or add --head detr --option activation=softmax "
        "--option background=last (DETR), or activation=sigmoid and background=none "
        "(Deformable DETR, RT-DETR, D-FINE)"
    )
