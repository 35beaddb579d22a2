"""Semantic segmentation: DeepLab, U-Net, SegFormer and others.

One output that covers the whole input at any resolution, in one of three formats:

* [1, C, H, W] or [1, H, W, C], logits or probabilities of classes that exclude each other
  (`activation="softmax"`): the highest wins, and the threshold has no effect. If the map is smaller
  than the input, the scores are enlarged before;
* the same, each class on its own, as logits (`activation="sigmoid"`) or probabilities
  (`activation="none"`): the threshold applies, and a pixel may have several classes or none. So
  for networks of one class, C = 1;
* integers or floats [1, H, W], class numbers; the threshold has no effect.

Of several outputs, the one called "out" is read, or else the first that is not an auxiliary one
("aux", as in torchvision's). Input as torchvision's weights require: RGB, ImageNet's mean and
standard deviation, stretched.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Crop, Fit, outlines, parts
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.found import Answer, Labels, check_scores, probabilities
from modelyard.inference.heads.options import IMAGENET_MEAN, IMAGENET_STD, HeadOptions
from modelyard.inference.heads.shapes import Outputs, class_map, listing

DEFAULTS: Final = HeadOptions(
    mean=IMAGENET_MEAN, scale=IMAGENET_STD, activation="softmax", limit=1000
)

MIN_AREA: Final = 10
"""Smaller parts, in pixels, are dropped as noise."""


def classes(outputs: Outputs, size: tuple[int, int], options: HeadOptions) -> int | None:
    """Return C, -1 for a map of class numbers, or None if the outputs do not match."""
    found = _form(outputs, size)
    return None if found is None else found[2]


def check_activation(count: int, options: HeadOptions) -> None:
    """Check that the activation can be that of a network with `count` classes.

    Raises:
        HeadError: one class has none to exclude it.
    """
    if count == 1 and options.activation == "softmax":
        raise HeadError(
            "one class has no others that exclude it; set the activation of its map: "
            'head_options={"activation": "sigmoid"} for logits, "none" for probabilities'
        )


def masks(answer: Answer, fit: Fit, labels: Labels, threshold: float) -> list[Mask]:
    """Return every part of every class that has a label, largest first."""
    form = _form(answer.outputs, answer.size)
    if form is None:
        raise HeadError(f"outputs {listing(answer.outputs)} are not a class map")
    name, layout, _ = form
    names = {kind: label.name for kind, label in labels.items()}
    limit = answer.options.limit
    output = answer.arrays[name][0]
    if layout == "indices":
        return masks_of(enlarged(_whole(output), fit), names, limit=limit)
    if layout == "channels last":
        output = output.transpose(2, 0, 1)
    if answer.options.activation == "softmax":
        return masks_of(enlarged(_highest(output, answer.size), fit), names, limit=limit)
    return _largest(
        (
            (names[kind], fit.map_to_source(_chances(output[kind], answer.options)) >= threshold)
            for kind in sorted(names)
            if kind < len(output)
        ),
        limit,
    )


def masks_of(kinds: NDArray[np.int64], names: Mapping[int, str], *, limit: int) -> list[Mask]:
    """Return the parts of a map [height, width] of class numbers, largest first.

    Args:
        kinds: Class numbers; those without a name are left out.
        names: Labels by class number.
        limit: Return at most this many parts.
    """
    return _largest(
        ((names[kind], kinds == kind) for kind in np.unique(kinds).tolist() if kind in names), limit
    )


def _largest(bitmaps: Iterable[tuple[str, NDArray[np.bool_]]], limit: int) -> list[Mask]:
    """Return the parts of bitmaps [height, width] with their labels, largest first."""
    found = [
        (area, name, part)
        for name, bitmap in bitmaps
        for area, part in parts(bitmap)
        if area >= MIN_AREA
    ]
    found.sort(key=lambda piece: -piece[0])
    found = found[:limit]
    around = outlines_of(part for _, _, part in found)
    return [
        Mask(name, *part, polygon=outline)
        for (_, name, part), outline in zip(found, around, strict=True)
    ]


def _form(outputs: Outputs, size: tuple[int, int]) -> tuple[str, str, int] | None:
    """Return the output's name, its format as in `class_map`, and C; None if there is none."""
    wanted = [item for item in outputs if item[0] == "out"] or [
        item for item in outputs if not item[0].lower().startswith("aux")
    ]
    if not wanted:
        return None
    name, shape = wanted[0]
    if len(shape) == 4:
        # Maps are proportional to the input.
        first, last = (
            height > 0 and height * size[0] == width * size[1]
            for height, width in (shape[2:], shape[1:3])
        )
        if first != last:
            return (
                (name, "channels first", shape[1]) if first else (name, "channels last", shape[3])
            )
    found = class_map([(name, shape)])
    return None if found is None else (name, *found)


def _whole(cells: NDArray[Any]) -> NDArray[np.int64]:
    """Return class numbers as int64; -1 for NaN and infinity."""
    if cells.dtype.kind == "f":
        cells = np.where(np.isfinite(cells), cells, -1)
    return cells.astype(np.int64)


def _highest(scores: NDArray[Any], size: tuple[int, int]) -> NDArray[np.int64]:
    """Return int64 [h, w], the class with the highest of scores [C, H, W], -1 where all are NaN.

    Scores of a smaller map than the input of that width and height are enlarged to it, linearly.
    """
    smaller = scores.shape[1] < size[1] or scores.shape[2] < size[0]
    shape = size[::-1] if smaller else scores.shape[1:]
    kinds = np.full(shape, -1, np.int64)
    highest = np.full(shape, -np.inf, np.float32)
    # One at a time: enlarged, 150 classes would fill hundreds of megabytes.
    for kind, cells in enumerate(scores):
        values = np.ascontiguousarray(cells, np.float32)
        if smaller:
            values = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))
        better = values > highest
        np.copyto(kinds, kind, where=better)
        np.copyto(highest, values, where=better)
    return kinds


def _chances(values: NDArray[Any], options: HeadOptions) -> NDArray[np.float32]:
    """Return probabilities float32 [h, w] of one class; 0 for NaN."""
    values = probabilities(values.astype(np.float32), options.activation)
    check_scores(values)
    return np.where(np.isfinite(values), values, np.float32(0))


def enlarged(cells: NDArray[np.int64], fit: Fit) -> NDArray[np.int64]:
    """Enlarge to the image's [height, width]: each pixel takes the cell at its centre."""
    rows, columns = cells.shape
    (width, height), (scale_x, scale_y) = fit.source, fit.scale
    x = ((np.arange(width) + 0.5) * scale_x + fit.left) * columns / fit.target[0]
    y = ((np.arange(height) + 0.5) * scale_y + fit.top) * rows / fit.target[1]
    return np.asarray(cells[y.astype(np.intp)][:, x.astype(np.intp)])


def outlines_of(crops: Iterable[Crop]) -> list[tuple[float, ...]]:
    """Return the outline `x0, y0, …` of each crop's largest piece, in pixels of the image."""
    return [tuple(outline.ravel().tolist()) for outline in outlines(crops)]
