"""Semantic segmentation: one output for each pixel. A run tells logits from probabilities."""

from typing import Final

import numpy as np

from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.heads.shapes import class_map
from modelyard.inference.readers.facts import ASSUMED, ModelFile, Port, Probe, Reading

_BACKGROUNDS: Final = ("background", "unlabeled", "unlabelled", "void", "_background_")
_AUXILIARY: Final = "aux"
"""torchvision's second output, used in training only."""


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to read a class map; None if the output is not one."""
    outputs = [port for port in file.outputs if not port.name.startswith(_AUXILIARY)]
    if len(outputs) != 1:
        return None
    (port,) = outputs
    form = class_map([(port.name, port.shape)])
    if form is None:
        return None
    reading = Reading("segmentation", "the shape of its output", label_type="mask")
    layout, classes = form
    if layout != "indices":
        axis = 1 if layout == "channels first" else -1
        activation, source = _activation(port, axis, probe)
        reading.set(source, activation=activation)
    reading.set(
        f"{ASSUMED} (ImageNet's)",
        mean=list(IMAGENET_MEAN),
        scale=list(IMAGENET_STD),
        resize="stretch",
    )
    reading.name(file, classes if classes > 0 else None)
    _drop_background(reading)
    return reading


def _activation(port: Port, axis: int, probe: Probe) -> tuple[str, str]:
    values = [arrays[port.name].astype(np.float64) for arrays in probe()]
    classes = port.shape[axis]
    low, high = min(map(np.nanmin, values)), max(map(np.nanmax, values))
    within = low >= 0 and high <= 1 + 1e-3
    if classes == 1:
        if within:
            return "none", f"a run: its only channel is within 0..1 ({low:.2g} to {high:.2g})"
        return "sigmoid", f"a run: its only channel has logits ({low:.2g} to {high:.2g})"
    if not within:
        return "softmax", f"a run: logits ({low:.2g} to {high:.2g}); one class a pixel"
    if all(np.allclose(array.sum(axis=axis), 1, atol=1e-2) for array in values):
        return "softmax", "a run: the probabilities of a pixel add up to 1; one class a pixel"
    return "none", "a run: probabilities that do not add up to 1; each class on its own"


def _drop_background(reading: Reading) -> None:
    """Leave out the label of class 0 if its name says that it is no object."""
    if len(reading.names) > 1 and reading.names.get(0, "").lower() in _BACKGROUNDS:
        del reading.names[0]
        reading.named_by += "; its background has no label"
