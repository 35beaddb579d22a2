"""Image classification: one output of a score for each class."""

import numpy as np

from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD
from modelyard.inference.heads.shapes import class_scores
from modelyard.inference.readers.facts import ASSUMED, ModelFile, Probe, Reading


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to read class scores; None if the output is not these."""
    count = class_scores(file.shapes)
    if count is None or count < 1:
        return None
    name = file.outputs[0].name
    values = np.concatenate([arrays[name].reshape(1, -1) for arrays in probe()]).astype(np.float64)
    reading = Reading("classification", "the shape of its output", label_type="tag")
    if (values >= 0).all() and (values <= 1 + 1e-3).all():
        if np.allclose(values.sum(axis=1), 1, atol=1e-2):
            reading.set("a run: probabilities that add up to 1", activation="none")
        else:
            reading.set("a run: probabilities, each class on its own", activation="none")
    else:
        low, high = np.nanmin(values), np.nanmax(values)
        reading.set(f"a run: logits ({low:.2g} to {high:.2g})", activation="softmax")
    reading.set(
        f"{ASSUMED} (ImageNet's, as torchvision)",
        mean=list(IMAGENET_MEAN),
        scale=list(IMAGENET_STD),
        resize="stretch",
    )
    reading.name(file, count)
    return reading
