"""Networks that say what an image shows as a whole.

One output [1, C] or [1, C, 1, 1]: logits, or chances that a softmax has made of them. Every class
with a chance of at least the threshold becomes a tag, the best first; networks that give several
classes at a time have a sigmoid for each (`activation="sigmoid"`). Fed as torchvision's weights
ask: RGB, ImageNet's mean and deviation; the whole image, stretched, where those cut out its middle.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from modelyard.annotation import Tag
from modelyard.inference.heads.found import Answer, chances
from modelyard.inference.heads.options import IMAGENET_DEVIATION, IMAGENET_MEAN, HeadOptions
from modelyard.inference.heads.shapes import Outputs, class_scores

DEFAULTS: Final = HeadOptions(
    mean=IMAGENET_MEAN, scale=IMAGENET_DEVIATION, activation="softmax", limit=5
)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, or None where the outputs are not such a one. `size` of the input is any."""
    return class_scores(outputs)


def tags(answer: Answer, names: Mapping[int, str], threshold: float) -> list[Tag]:
    """Return the classes that have a name and a chance of at least `threshold`, best first."""
    (output,) = answer.arrays.values()
    scores = chances(output.reshape(-1).astype(np.float32), answer.options.activation)
    ranked = np.argsort(-scores, kind="stable")
    kept = [kind for kind in ranked.tolist() if kind in names and scores[kind] >= threshold]
    return [Tag(names[kind], confidence=scores[kind]) for kind in kept[: answer.options.limit]]
