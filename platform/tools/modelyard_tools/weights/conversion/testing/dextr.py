"""A checkpoint like that of DEXTR's authors, but with random weights."""

import numpy as np

from modelyard_tools.weights.conversion.testing.checkpoints import Tensors, random_layer

# Blocks, width, stride and dilation of the stages of DeepLab's ResNet-101.
STAGES = [(3, 64, 1, 1), (4, 128, 2, 1), (23, 256, 1, 2), (3, 512, 1, 4)]
PARTS = [1, 2, 3, 6]


def dextr_tensors() -> Tensors:
    """Return a state dictionary with the names and shapes of the authors' own."""
    random = np.random.default_rng(1)
    found = random_layer(random, "conv1", "bn1", (64, 4, 7, 7))
    before = 64
    for stage, (blocks, width, _, _) in enumerate(STAGES, 1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            shapes = [(width, before, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
            for place, shape in enumerate(shapes, 1):
                found |= random_layer(random, f"{name}.conv{place}", f"{name}.bn{place}", shape)
            # Scaled down, or the sum over 33 blocks would explode.
            found[f"{name}.bn3.weight"] *= 0.2
            if block == 0:
                names = f"{name}.downsample.0", f"{name}.downsample.1"
                found |= random_layer(random, *names, (4 * width, before, 1, 1))
            before = 4 * width
    for stage in range(len(PARTS)):
        name = f"layer5.stages.{stage}"
        found |= random_layer(random, f"{name}.1", f"{name}.2", (512, 2048, 1, 1))
    found |= random_layer(random, "layer5.bottleneck.0", "layer5.bottleneck.1", (512, 4096, 1, 1))
    found["layer5.final.weight"] = random.normal(0, 0.003, (1, 512, 1, 1)).astype(np.float32)
    found["layer5.final.bias"] = np.zeros(1, np.float32)
    return found
