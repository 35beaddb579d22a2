"""Detection transformers, told by the names of their inputs and outputs.

* RF-DETR (`rfdetr/export`): `dets` and `labels`, sigmoid for each class, the last column unused;
* RT-DETR, RT-DETRv2, D-FINE and DEIM of their authors (`tools/export_onnx.py`): an input
  `orig_target_sizes`, and `labels`, `boxes`, `scores` in pixels of that size;
* exports of Hugging Face's transformers: `logits` and `pred_boxes`. Whether their scores are a
  softmax with a background or a sigmoid for each class is in `config.json`, or else in the values.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from modelyard.inference.heads.feeding import SIZE_INPUTS
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.readers.classes import names_of
from modelyard.inference.readers.facts import (
    ASSUMED,
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
)
_UNSCALED: Final = ("RTDetr", "DFine")
"""Beginnings of the architectures whose image processors only scale to 0..1."""
_CERTAIN: Final = 0.8
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
    config = file.beside.get("config.json")
    config = config if isinstance(config, dict) else {}
    reading = Reading("detr", f"{_NAMES} (logits, pred_boxes)")
    reading.label_type = "rectangle"
    activation, source = _scoring(file, ports["logits"], config, probe)
    background = "last" if activation == "softmax" else "none"
    reading.set(source, activation=activation, background=background)
    reading.set(
        DOCUMENTED, boxes="cxcywh", box_unit="fractions", nms="none", resize="stretch", limit=300
    )
    _normalise(file, config, reading)
    count = ports["logits"].shape[-1] - (background == "last")
    names = names_of(config.get("id2label"))
    if names and max(names) < count:
        reading.names, reading.named_by = names, "config.json beside it: id2label"
    else:
        reading.name(file, count)
    return reading


def _scoring(
    file: ModelFile, logits: Port, config: dict[str, Any], probe: Probe
) -> tuple[str, str]:
    """Return the activation and where it is from."""
    for architecture in config.get("architectures") or ():
        for activation, known in (("softmax", _SOFTMAX), ("sigmoid", _SIGMOID)):
            if architecture in known:
                return activation, f"config.json beside it: architectures ({architecture})"
    values = np.concatenate(
        [arrays[logits.name].reshape(-1, logits.shape[-1]) for arrays in probe()]
    )
    finite = values[np.isfinite(values).all(axis=1)].astype(np.float64)
    if len(finite):
        others = finite[:, :-1]
        # Most queries find nothing: with a softmax the last class wins them, with a sigmoid
        # all classes are unlikely.
        nothing = (finite[:, -1] > others.max(axis=1) + 1).mean() if others.size else 0
        unlikely = (finite.max(axis=1) < 0).mean()
        if unlikely >= _CERTAIN:
            return "sigmoid", "a run: most queries are below 0 for every class"
        if nothing >= _CERTAIN and (finite[:, -1] > 0).mean() >= _CERTAIN:
            return "softmax", 'a run: the last class, "no object", wins most queries'
    raise ReadingError(
        f"{file.name} does not say how its logits become scores, and a run does not show it; put "
        "the model's config.json beside it, or add --head detr --option activation=softmax "
        "--option background=last (DETR), or activation=sigmoid and background=none "
        "(Deformable DETR, RT-DETR, D-FINE)"
    )


def _normalise(file: ModelFile, config: dict[str, Any], reading: Reading) -> None:
    settings = file.beside.get("preprocessor_config.json")
    if isinstance(settings, dict):
        source = "preprocessor_config.json beside it"
        factor = settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1
        mean, std = [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]
        if settings.get("do_normalize"):
            mean = settings.get("image_mean") or mean
            std = settings.get("image_std") or std
        reading.set(
            source,
            mean=[round(value / factor, 4) for value in mean],
            scale=[round(value / factor, 4) for value in std],
        )
        return
    architectures: Sequence[str] = config.get("architectures") or ()
    if any(name.startswith(_UNSCALED) for name in architectures):
        reading.set(DOCUMENTED, mean=[0.0, 0.0, 0.0], scale=[255.0, 255.0, 255.0])
        return
    source = DOCUMENTED if architectures else f"{ASSUMED} (ImageNet's, as DETR)"
    reading.set(source, mean=list(IMAGENET_MEAN), scale=list(IMAGENET_STD))
