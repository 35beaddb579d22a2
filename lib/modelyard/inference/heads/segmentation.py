"""Semantic segmentation: DeepLab, U-Net, SegFormer and others.

One output that covers the whole input at any resolution, in one of three formats: float
[1, C, H, W] or [1, H, W, C], a score for each class, of which the highest wins; integers or floats
[1, H, W], class numbers; or [1, 1, H, W], the probability of a single class, to which the threshold
applies. It has no effect on the first two. Input as torchvision's weights require: RGB, ImageNet's
mean and standard deviation, stretched.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Crop, Fit, parts, polygons
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Answer, probabilities
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.shapes import Outputs, class_map, listing

DEFAULTS: Final = HeadOptions(mean=IMAGENET_MEAN, scale=IMAGENET_STD, limit=1000)

MIN_AREA: Final = 10
"""Smaller parts, in pixels, are dropped as noise."""


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, -1 for a map of class numbers, or None if the outputs do not match."""
    found = class_map(outputs)
    return None if found is None else found[1]


def masks(answer: Answer, fit: Fit, names: Mapping[int, str], threshold: float) -> list[Mask]:
    """Return every part of every class that has a name, largest first."""
    return masks_of(_kinds(answer, fit, threshold), names, limit=answer.options.limit)


def masks_of(kinds: NDArray[np.int64], names: Mapping[int, str], *, limit: int) -> list[Mask]:
    """Return the parts of a map [height, width] of class numbers, largest first.

    Args:
        kinds: Class numbers; those without a name are left out.
        names: Labels by class number.
        limit: Return at most this many parts.
    """
    found = [
        (area, names[kind], part)
        for kind in np.unique(kinds).tolist()
        if kind in names
        for area, part in parts(kinds == kind)
        if area >= MIN_AREA
    ]
    found.sort(key=lambda piece: -piece[0])
    return [Mask(name, *part, polygon=outline_of(part)) for _, name, part in found[:limit]]


def _kinds(answer: Answer, fit: Fit, threshold: float) -> NDArray[np.int64]:
    """Return int64 [height, width] of the image: the class of each pixel, or -1."""
    form = class_map(answer.outputs)
    if form is None:
        raise HeadError(f"outputs {listing(answer.outputs)} are not a class map")
    (output,) = (array[0] for array in answer.arrays.values())
    if form[0] == "channels last":
        output = output.transpose(2, 0, 1)
    if form[0] == "indices":
        return enlarged(output.astype(np.int64), fit)
    if len(output) > 1:
        return enlarged(output.argmax(axis=0), fit)
    probability = probabilities(output[0].astype(np.float32), answer.options.activation)
    return np.where(fit.map_to_source(probability) >= threshold, 0, -1)


def enlarged(cells: NDArray[np.int64], fit: Fit) -> NDArray[np.int64]:
    """Enlarge to the image's [height, width]: each pixel takes the cell at its centre."""
    rows, columns = cells.shape
    (width, height), (scale_x, scale_y) = fit.source, fit.scale
    x = ((np.arange(width) + 0.5) * scale_x + fit.left) * columns / fit.target[0]
    y = ((np.arange(height) + 0.5) * scale_y + fit.top) * rows / fit.target[1]
    return np.asarray(cells[y.astype(np.intp)][:, x.astype(np.intp)])


def outline_of(part: Crop) -> tuple[float, ...]:
    """Return the outline `x0, y0, …` of a crop's largest piece, in pixels of the image."""
    outline = polygons(part.bitmap)[0] + (part.left, part.top)
    return tuple(outline.ravel().tolist())
