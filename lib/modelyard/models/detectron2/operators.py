"""The two torchvision operators that detectron2's networks call, in plain torch.

The package index's torchvision for Linux is built for the CUDA build of torch: with torch's CPU
build its compiled operators do not load, and without a declaration of them it cannot even be
imported. `provide_operators` replaces them, unless the compiled ones load.
"""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

_NAMESPACE: Final = "torchvision"
# How many boxes, best first, are compared with each other at once.
_BLOCK: Final = 1024
_library: torch.library.Library | None = None


def provide_operators() -> None:
    """Import torchvision, with these operators if its own cannot be loaded.

    Must run before anything else imports torchvision; a second call does nothing.

    Raises:
        ImportError: torchvision is already imported without operators, or not installed.
    """
    global _library  # noqa: PLW0603 - the declarations end with the object that made them
    if _library is not None or _compiled_operators_load():
        return
    if "torchvision" in sys.modules:
        raise ImportError("torchvision was imported before modelyard.models.detectron2.operators")
    _library = torch.library.Library(_NAMESPACE, "DEF")  # type: ignore[no-untyped-call]
    _declare("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor", nms)
    # For quantised boxes; torchvision refers to it on import, but it is never called here.
    _declare("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declare(
        "roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, "
        "int pooled_width, int sampling_ratio, bool aligned) -> Tensor",
        roi_align,
    )
    import torchvision.ops  # noqa: F401, PLC0415 - not before they are declared

    # In two places it checks that its library is loaded before it calls an operator.
    for module in ("torchvision.extension", "torchvision.ops.roi_align"):
        sys.modules[module]._has_ops = lambda: True  # type: ignore[attr-defined]


def nms(boxes: Tensor, scores: Tensor, overlap: float) -> Tensor:
    """Return the indices of the boxes to keep, best score first; ties keep their order.

    A box is dropped if its intersection over union with a better box that is kept exceeds
    `overlap`. A box without area overlaps nothing and is kept, as in torchvision.

    Args:
        boxes: float [N, 4] of left, top, right, bottom.
        scores: float [N].
        overlap: 0..1.

    Returns:
        int64 [K], indices of `boxes`.
    """
    order = scores.argsort(descending=True, stable=True)
    ranked = boxes[order]
    kept = ranked[:0]
    positions = []
    for start in range(0, len(ranked), _BLOCK):
        block = ranked[start : start + _BLOCK]
        free = ~(_overlaps(kept, block) > overlap).any(dim=0)
        survivors = _survivors((_overlaps(block, block) > overlap).triu(1), free)
        positions.append(torch.nonzero(survivors)[:, 0] + start)
        kept = torch.cat((kept, block[survivors]))
    return order[torch.cat(positions)] if positions else order


def roi_align(  # noqa: PLR0917 - torchvision's operator has as many
    features: Tensor,
    regions: Tensor,
    scale: float,
    height: int,
    width: int,
    sampling: int,
    aligned: bool,
) -> Tensor:
    """Pool regions of feature maps to a fixed size (He et al. 2017, "Mask R-CNN").

    Each cell is the mean of a grid of points, each interpolated bilinearly.

    Args:
        features: float [N, C, H, W].
        regions: float [K, 5]: index of the map, then left, top, right, bottom in the image.
        scale: Pixels of the map per pixel of the image.
        height: Rows of a result.
        width: Columns of a result.
        sampling: Rows and columns of the grid; 0 or less: one for each pixel of the map.
        aligned: Pixel centres are at halves, as in detectron2; else at whole numbers, and a region
            has at least one pixel.

    Returns:
        [K, C, height, width] of the dtype of `features`.
    """
    count, channels, rows, columns = features.shape
    table = features.permute(0, 2, 3, 1).reshape(count * rows * columns, channels).float()
    edges = regions[:, 1:].float() * scale - (0.5 if aligned else 0.0)
    sides = edges[:, 2:] - edges[:, :2]
    if not aligned:
        sides = sides.clamp(min=1.0)
    cells = sides / sides.new_tensor((width, height))
    grids = torch.full_like(cells, sampling) if sampling > 0 else cells.ceil().clamp(min=0)
    maps = regions[:, 0].long() * rows * columns
    pooled = table.new_zeros(len(regions), height * width, channels)
    # Regions of one grid size at a time, so that all cells have the same number of points.
    for across, down in torch.unique(grids.long(), dim=0).tolist():
        of_size = torch.nonzero((grids == grids.new_tensor((across, down))).all(dim=1))[:, 0]
        if not across or not down:
            continue
        x, x_weights = _samples(edges[of_size, 0], cells[of_size, 0], width, across, columns)
        y, y_weights = _samples(edges[of_size, 1], cells[of_size, 1], height, down, rows)
        index = y[:, :, None, :, None] * columns + x[:, None, :, None, :]
        index = index + maps[of_size].reshape(-1, 1, 1, 1, 1)
        weights = y_weights[:, :, None, :, None] * x_weights[:, None, :, None, :]
        points = 4 * across * down
        pooled[of_size] = functional.embedding_bag(
            index.reshape(-1, points),
            table,
            mode="sum",
            per_sample_weights=weights.reshape(-1, points),
        ).reshape(len(of_size), height * width, channels)
    return pooled.transpose(1, 2).reshape(-1, channels, height, width).to(features.dtype)


def _compiled_operators_load() -> bool:
    """Return whether torchvision's library fits this torch."""
    spec = find_spec(_NAMESPACE)
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("torchvision is not installed")
    (folder,) = spec.submodule_search_locations
    try:
        torch.ops.load_library(f"{folder}/_C.so")  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return True


def _declare(signature: str, operator: Callable[..., Any] | None = None) -> None:
    assert _library is not None  # noqa: S101 - only called with it
    _library.define(signature)  # type: ignore[no-untyped-call]
    if operator is not None:
        name = signature.partition("(")[0]
        _library.impl(  # type: ignore[no-untyped-call]
            name, operator, "CompositeExplicitAutograd"
        )


def _overlaps(first: Tensor, second: Tensor) -> Tensor:
    """Return intersection over union [N, M]; NaN, which exceeds nothing, if both have no area."""
    near = torch.maximum(first[:, None, :2], second[:, :2])
    far = torch.minimum(first[:, None, 2:], second[:, 2:])
    shared = (far - near).clamp(min=0).prod(dim=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(dim=1) for boxes in (first, second)]
    return shared / (areas[0][:, None] + areas[1] - shared)


def _survivors(suppresses: Tensor, free: Tensor) -> Tensor:
    """Return bool [N]: the boxes that remain if every remaining box suppresses later ones.

    Args:
        suppresses: bool [N, N], above the diagonal: row by column.
        free: bool [N]: the candidates.
    """
    left = free
    # After n rounds the first n are final; usually a few rounds suffice.
    while True:
        following = free & ~(suppresses & left[:, None]).any(dim=0)
        if torch.equal(following, left):
            return left
        left = following


def _samples(
    start: Tensor, cell: Tensor, cells: int, grid: int, length: int
) -> tuple[Tensor, Tensor]:
    """Return the neighbours in a row, and their weights, of the points of regions.

    Args:
        start: float [K], the first edge of each region.
        cell: float [K], the length of a cell.
        cells: Cells per region.
        grid: Points per cell.
        length: Length of the row. A point more than 1 beyond its ends counts as 0.

    Returns:
        int64 and float32 [K, cells, 2 * grid].
    """
    # Summed in torchvision's order, since a point may be exactly on the border of that.
    cell = cell[:, None, None]
    firsts = start[:, None, None] + torch.arange(cells, device=cell.device)[:, None] * cell
    points = firsts + (torch.arange(grid, device=cell.device) + 0.5) * cell / grid
    inside = ((points >= -1) & (points <= length)).float() / grid
    points = points.clamp(0, length - 1)
    lower = points.floor()
    upper_weight = points - lower
    index = torch.cat((lower, (lower + 1).clamp(max=length - 1)), dim=2).long()
    return index, torch.cat((inside * (1 - upper_weight), inside * upper_weight), dim=2)
