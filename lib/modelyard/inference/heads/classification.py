"""Image classification.

One output [1, C] or [1, C, 1, 1]: logits, or probabilities after a softmax. Every class with a
probability of at least the threshold becomes a tag, best first; multi-label networks have a sigmoid
for each class (`activation="sigmoid"`). Input as torchvision's weights require: RGB, ImageNet's
mean and standard deviation; but the whole image, stretched, instead of a centre crop.
"""

from typing import Final

import numpy as np

from modelyard.annotation import Tag
from modelyard.inference.heads.found import Answer, Labels, check_scores, probabilities
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.shapes import Outputs, class_scores

DEFAULTS: Final = HeadOptions(mean=IMAGENET_MEAN, scale=IMAGENET_STD, activation="softmax", limit=5)


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, or None if the outputs do not match. Any input `size` is accepted."""
    return class_scores(outputs)


def tags(answer: Answer, labels: Labels, threshold: float) -> list[Tag]:
    """Return the classes that have a label and a probability of at least `threshold`, best first.

    Raises:
        HeadError: the scores are not probabilities.
    """
    (output,) = answer.arrays.values()
    scores = probabilities(output.reshape(-1).astype(np.float32), answer.options.activation)
    check_scores(scores)
    ranked = np.argsort(-scores, kind="stable")
    kept = [kind for kind in ranked.tolist() if kind in labels and scores[kind] >= threshold]
    return [
        Tag(labels[kind].name, confidence=scores[kind]) for kind in kept[: answer.options.limit]
    ]
