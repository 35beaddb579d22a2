"""Windows of features at positions of the maps."""

import torch
from torch import Tensor
from torch.nn import functional


def windows(
    features: Tensor, rows: Tensor, columns: Tensor, *, step: int, side: int, rim: int
) -> Tensor:
    """Crop a square window from the features of each image.

    Args:
        features: float [n, c, h, w], treated as padded with `rim` zeros on each side.
        rows: int64 [n]: the window's index from the top, in steps of `step`.
        columns: int64 [n]: the window's index from the left.
        step: Distance of two neighbouring windows.
        side: Height and width of a window.
        rim: Number of zeros around the features.

    Returns:
        float [n, c, side, side].
    """
    corners = zip((rows * step - rim).tolist(), (columns * step - rim).tolist(), strict=True)
    return torch.stack(
        [_window(image, *corner, side) for image, corner in zip(features, corners, strict=True)]
    )


def _window(image: Tensor, top: int, left: int, side: int) -> Tensor:
    """Return [c, side, side] of [c, h, w], zero-padded."""
    height, width = image.shape[1:]
    inside = image[:, max(top, 0) : top + side, max(left, 0) : left + side]
    across = (max(-left, 0), max(left + side - width, 0))
    down = (max(-top, 0), max(top + side - height, 0))
    return functional.pad(inside, (*across, *down))
