"""Image classification.

One output [1, C] or [1, C, 1, 1]: logits, or probabilities after a softmax. Every class with a
probability of at least the threshold becomes a tag, best first; multi-label networks have a sigmoid
for each class (`activation="sigmoid"`). Input as torchvision's weights require: RGB, ImageNet's
mean and standard deviation; but the whole image, stretched, instead of a centre crop.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from modelyard.annotation import Tag
from modelyard.inference.heads.found import Answer, probabilities
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.shapes import Outputs, class_scores

DEFAULTS: Final = HeadOptions(mean=IMAGENET_MEAN, scale=IMAGENET_STD, activation="softmax", limit=5)


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, or None if the outputs do not match. Any input `size` is accepted."""
    return class_scores(outputs)


def tags(answer: Answer, names: Mapping[int, str], threshold: float) -> list[Tag]:
    """Return the classes that have a name and a probability of at least `threshold`, best first."""
    (output,) = answer.arrays.values()
    scores = probabilities(output.reshape(-1).astype(np.float32), answer.options.activation)
    ranked = np.argsort(-scores, kind="stable")
    kept = [kind for kind in ranked.tolist() if kind in names and scores[kind] >= threshold]
    return [Tag(names[kind], confidence=scores[kind]) for kind in kept[: answer.options.limit]]
