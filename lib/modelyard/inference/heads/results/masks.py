"""Masks of single objects, from maps of logits or probabilities."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Crop, Fit
from modelyard.inference.heads.found import Floats, Found, Labels
from modelyard.inference.heads.results.prototypes import Prototypes
from modelyard.inference.heads.segmentation import outline_of
from modelyard.inference.mask_paste import Box, Cover, paste


def prototype_masks(
    found: Found, coefficients: Floats, prototypes: Prototypes, fit: Fit, labels: Labels
) -> list[Mask]:
    """Return the pixels of detections whose logit is above 0, cut to their boxes.

    Args:
        found: Detections whose classes have labels.
        coefficients: [N, M], of each.
        prototypes: M maps.
        fit: How the image is placed in the input.
        labels: By class number.
    """
    masks: list[Mask] = []
    _, height, width = prototypes.maps.shape
    cover = Cover.of(_extent_of(fit), fit.source, (width, height), prototypes.maps.dtype)
    boxes = fit.to_source(found.boxes).tolist()
    for number, (box, values) in enumerate(zip(boxes, coefficients, strict=True)):
        window = cover.window(box)
        if window is not None:
            logits = prototypes.logits(values, window.rows, window.columns)
            masks += _mask(window.paste(logits, 0.0), found, number, labels)
    return masks


def map_masks(
    found: Found, maps: NDArray[Any], fit: Fit, labels: Labels, *, above: float
) -> list[Mask]:
    """Return the pixels of detections whose value is above a limit.

    Args:
        found: Detections whose classes have labels.
        maps: [R, h, w], by `found.rows`, covering the whole input.
        fit: How the image is placed in the input.
        labels: By class number.
        above: 0 for logits, 0.5 for probabilities.
    """
    masks: list[Mask] = []
    extent = _extent_of(fit)
    _, height, width = maps.shape
    cover = Cover.of(extent, fit.source, (width, height), np.dtype(np.float32))
    for number, row in enumerate(found.rows.tolist()):
        values = np.asarray(maps[row], np.float32)
        within = _part_above(values > above, extent)
        window = None if within is None else cover.window(within)
        if window is not None and np.isfinite(values).all():
            part = window.paste(values[window.rows, window.columns], above)
            masks += _mask(part, found, number, labels)
    return masks


def box_masks(found: Found, maps: NDArray[Any], fit: Fit, labels: Labels) -> list[Mask]:
    """Return the pixels of detections from probabilities [R, h, w] over each one's box."""
    masks: list[Mask] = []
    for number, row in enumerate(found.rows.tolist()):
        values = np.asarray(maps[row], np.float32)
        box = _as_box(fit.to_source(found.boxes[number]))
        masks += _mask(paste(values, box, fit.source), found, number, labels)
    return masks


def _mask(part: Crop | None, found: Found, number: int, labels: Labels) -> Iterator[Mask]:
    if part is not None:
        name = labels[int(found.classes[number])].name
        yield Mask(name, *part, polygon=outline_of(part), confidence=found.scores[number])


def _extent_of(fit: Fit) -> Box:
    """Return where the input's edges are in pixels of the image."""
    return _as_box(fit.to_source(np.array((0, 0, *fit.target), np.float64)))


def _part_above(cells: NDArray[np.bool_], extent: Box) -> Box | None:
    """Return where interpolated values can be above the limit: up to the next cells' centres."""
    rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not len(rows):
        return None
    left, top, right, bottom = extent
    width, height = (right - left) / cells.shape[1], (bottom - top) / cells.shape[0]
    return (
        left + (int(columns[0]) - 0.5) * width,
        top + (int(rows[0]) - 0.5) * height,
        left + (int(columns[-1]) + 1.5) * width,
        top + (int(rows[-1]) + 1.5) * height,
    )


def _as_box(corners: NDArray[Any]) -> Box:
    left, top, right, bottom = corners.tolist()
    return left, top, right, bottom
