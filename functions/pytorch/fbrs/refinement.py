"""f-BRS-B: optimises scales and biases of the features so that the mask agrees with the clicks.

L-BFGS-B optimises a scale 1 + s and a bias b for each of the 288 channels, starting from the
previous click's result. The loss is the mean squared error of the probabilities in 3x3 pixels
around the clicks, separately for positive and negative ones, plus a small L2 penalty on s and a
larger one on b.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fbrs.network import FEATURES
from fbrs.zoom import Click

Parameters = NDArray[np.float64]
"""float64 [2 * 288]: the scales s, then the biases b."""

_SCALE_WEIGHT: Final = 1e-3
_SHIFT_WEIGHT: Final = 10.0
_EPSILON: Final = 1e-5
_RADIUS: Final = 1
_STANDSTILL: Final = 0.001
_EVALUATIONS: Final = 20


def unchanged() -> Parameters:
    """Return the parameters that leave the features unchanged."""
    return np.zeros(2 * FEATURES)


def changed(features: Tensor, parameters: Tensor) -> Tensor:
    """Return features [n, 288, h, w] scaled and shifted by float32 [2 * 288]."""
    scale, shift = parameters.view(2, 1, FEATURES, 1, 1).unbind()
    return features * (1 + scale) + shift


def click_masks(clicks: Sequence[Click], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return float32 [2, height, width]: 1 in 3x3 pixels around positive and negative clicks.

    As in the authors' code, the square of a click in the first row or column is left out, and a
    click with negative indices, outside the crop, wraps around.
    """
    masks = np.zeros((2, *size), np.float32)
    for click in clicks:
        row, column = round(click.row), round(click.column)
        # Negative indices wrap around as in numpy, here and in the authors' code.
        rows = slice(row - _RADIUS, row + _RADIUS + 1)
        columns = slice(column - _RADIUS, column + _RADIUS + 1)
        masks[0 if click.positive else 1, rows, columns] = 1
    return masks


class Objective:
    """The loss for one click; remembers the best logits so far."""

    def __init__(self, logits: Callable[[Tensor], Tensor], masks: Tensor, threshold: float) -> None:
        """Evaluate the logits that parameters lead to.

        Args:
            logits: Maps float32 [2 * 288] to logits [n, 1, h, w], differentiable.
            masks: float32 [n, 2, h, w] of `click_masks`.
            threshold: The probability above which a pixel is the object's.
        """
        self._logits = logits
        self._inside, self._outside = (kind.contiguous() for kind in masks.chunk(2, dim=1))
        self._threshold = threshold
        self._least = np.inf
        self._last: Tensor | None = None
        self.best: Tensor | None = None
        """The logits with the lowest loss so far."""

    def __call__(self, parameters: Parameters) -> tuple[float, Parameters]:
        """Return loss and gradient; the gradient is 0 once there is nothing left to improve."""
        variables = torch.from_numpy(parameters).float().to(self._inside.device)
        with torch.enable_grad():
            variables.requires_grad_(True)
            scale, shift = variables.chunk(2)
            logits = self._logits(variables)
            probabilities = logits.sigmoid()
            missed = (1 - probabilities) * self._inside
            wrong = probabilities * self._outside
            penalty = (scale**2).sum() + _SHIFT_WEIGHT * (shift**2).sum()
            loss = (
                (missed**2).sum() / (self._inside.sum() + _EPSILON)
                + (wrong**2).sum() / (self._outside.sum() + _EPSILON)
                + _SCALE_WEIGHT * penalty
            )
        value = float(loss.detach())
        if self.best is None or value < self._least:
            self.best, self._least = logits.detach(), value
        right = missed.max() < 1 - self._threshold and wrong.max() < self._threshold
        if right or self._stands_still(probabilities > self._threshold):
            return value, np.zeros_like(parameters)
        (gradient,) = torch.autograd.grad(loss, variables)
        return value, gradient.cpu().numpy().astype(np.float64)

    def _stands_still(self, mask: Tensor) -> bool:
        """Return whether a mask [n, 1, h, w] is almost the same as the last; remember it if not."""
        if self._last is not None:
            union = (mask | self._last).flatten(1).float().mean(1)
            common = (mask & self._last).flatten(1).float().mean(1)
            there = union > 0
            if there.any() and float((common[there] / union[there]).mean()) > 1 - _STANDSTILL:
                return True
        self._last = mask
        return False


def load_optimiser() -> None:
    """Import what `minimise` needs, which takes a fifth of the time of importing torch."""
    import scipy.optimize  # noqa: F401, PLC0415


def minimise(objective: Objective, start: Parameters) -> Parameters:
    """Return the parameters that L-BFGS-B ends with after at most 20 evaluations."""
    # Imported only when a second click needs it or `load_optimiser` is called.
    from scipy.optimize import fmin_l_bfgs_b  # noqa: PLC0415

    parameters, _, _ = fmin_l_bfgs_b(
        objective,
        start,
        m=20,
        factr=0,
        pgtol=1e-8,
        maxfun=_EVALUATIONS,
        maxiter=2 * _EVALUATIONS,
    )
    return np.asarray(parameters, np.float64)
