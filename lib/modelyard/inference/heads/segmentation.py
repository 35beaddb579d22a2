"""Networks that give the class of each pixel, such as DeepLab, U-Net or SegFormer.

One output in one of three forms, over the whole input at any resolution: float [1, C, H, W] or
[1, H, W, C], a score for each class, of which the highest counts; integers or floats [1, H, W],
the numbers of the classes; or [1, 1, H, W], the chance of one class, which the threshold is about.
The first two give no chances, so there the threshold has no effect. Fed as torchvision's weights
ask: RGB, ImageNet's mean and deviation, stretched.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Crop, Fit, parts, polygons
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Answer, chances
from modelyard.inference.heads.options import IMAGENET_DEVIATION, IMAGENET_MEAN, HeadOptions
from modelyard.inference.heads.shapes import Outputs, class_map, listing

DEFAULTS: Final = HeadOptions(mean=IMAGENET_MEAN, scale=IMAGENET_DEVIATION, limit=1000)

LEAST_AREA: Final = 10
"""Parts of fewer pixels are noise and left out."""


def classes(outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Return C, -1 where only numbers of classes are given, or None for other outputs."""
    found = class_map(outputs)
    return None if found is None else found[1]


def masks(answer: Answer, fit: Fit, names: Mapping[int, str], threshold: float) -> list[Mask]:
    """Return every part of every class that has a name, the largest first."""
    return masks_of(_kinds(answer, fit, threshold), names, limit=answer.options.limit)


def masks_of(kinds: NDArray[np.int64], names: Mapping[int, str], *, limit: int) -> list[Mask]:
    """Return the parts of a map [height, width] of class numbers, the largest first.

    Args:
        kinds: Of an image; a number without a name is left out.
        names: The labels of the classes.
        limit: The most parts returned.
    """
    found = [
        (area, names[kind], part)
        for kind in np.unique(kinds).tolist()
        if kind in names
        for area, part in parts(kinds == kind)
        if area >= LEAST_AREA
    ]
    found.sort(key=lambda piece: -piece[0])
    return [Mask(name, *part, polygon=outline_of(part)) for _, name, part in found[:limit]]


def _kinds(answer: Answer, fit: Fit, threshold: float) -> NDArray[np.int64]:
    """Return int64 [height, width] of the image: the class of each pixel; -1 is none."""
    form = class_map(answer.outputs)
    if form is None:
        raise HeadError(f"outputs {listing(answer.outputs)} are no map of classes")
    (output,) = (array[0] for array in answer.arrays.values())
    if form[0] == "channels last":
        output = output.transpose(2, 0, 1)
    if form[0] == "indices":
        return enlarged(output.astype(np.int64), fit)
    if len(output) > 1:
        return enlarged(output.argmax(axis=0), fit)
    chance = chances(output[0].astype(np.float32), answer.options.activation)
    return np.where(fit.map_to_source(chance) >= threshold, 0, -1)


def enlarged(cells: NDArray[np.int64], fit: Fit) -> NDArray[np.int64]:
    """Return [height, width] of the image: for each pixel the cell its centre lies in."""
    rows, columns = cells.shape
    (width, height), (scale_x, scale_y) = fit.source, fit.scale
    x = ((np.arange(width) + 0.5) * scale_x + fit.left) * columns / fit.target[0]
    y = ((np.arange(height) + 0.5) * scale_y + fit.top) * rows / fit.target[1]
    return np.asarray(cells[y.astype(np.intp)][:, x.astype(np.intp)])


def outline_of(part: Crop) -> tuple[float, ...]:
    """Return `x0, y0, …` in pixels of the image, of the largest piece of what is in the crop."""
    outline = polygons(part.bitmap)[0] + (part.left, part.top)
    return tuple(outline.ravel().tolist())
