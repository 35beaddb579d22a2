"""Masks of single objects, from maps of logits or probabilities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelyard.annotation import Mask
from modelyard.imaging import Crop, Fit
from modelyard.inference.heads.found import Floats, Found, Labels
from modelyard.inference.heads.results.prototypes import Prototypes
from modelyard.inference.heads.segmentation import outlines_of
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
    parts: list[Crop | None] = []
    _, height, width = prototypes.maps.shape
    cover = Cover.of(_extent_of(fit), fit.source, (width, height), prototypes.maps.dtype)
    boxes = fit.to_source(found.boxes).tolist()
    for box, values in zip(boxes, coefficients, strict=True):
        window = cover.window(box)
        if window is None:
            parts.append(None)
        else:
            logits = prototypes.logits(values, window.rows, window.columns)
            parts.append(window.paste(logits, 0.0))
    return _masks(parts, found, labels)


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
    parts: list[Crop | None] = []
    extent = _extent_of(fit)
    _, height, width = maps.shape
    cover = Cover.of(extent, fit.source, (width, height), np.dtype(np.float32))
    for row in found.rows.tolist():
        values = np.asarray(maps[row], np.float32)
        within = _part_above(values > above, extent)
        window = None if within is None else cover.window(within)
        if window is None or not np.isfinite(values).all():
            parts.append(None)
        else:
            parts.append(window.paste(values[window.rows, window.columns], above))
    return _masks(parts, found, labels)


def box_masks(found: Found, maps: NDArray[Any], fit: Fit, labels: Labels) -> list[Mask]:
    """Return the pixels of detections from probabilities [R, h, w] over each one's box."""
    parts: list[Crop | None] = []
    for number, row in enumerate(found.rows.tolist()):
        values = np.asarray(maps[row], np.float32)
        box = _as_box(fit.to_source(found.boxes[number]))
        parts.append(paste(values, box, fit.source))
    return _masks(parts, found, labels)


def _masks(parts: Sequence[Crop | None], found: Found, labels: Labels) -> list[Mask]:
    """Return the masks of detections; those without a pixel are left out."""
    kept = [(number, part) for number, part in enumerate(parts) if part is not None]
    # Together, which takes a fraction of the time.
    around = outlines_of(part for _, part in kept)
    classes, scores = found.classes.tolist(), found.scores.tolist()
    return [
        Mask(labels[classes[number]].name, *part, polygon=outline, confidence=scores[number])
        for (number, part), outline in zip(kept, around, strict=True)
    ]


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
