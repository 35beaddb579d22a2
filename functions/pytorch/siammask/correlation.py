"""Correlation of a template's features with those of a search image."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from siammask.sizes import CHANNELS


class Correlation(nn.Module):
    """Depthwise correlation of a template with a search image, and a head."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv_kernel = _adjust()
        self.conv_search = _adjust()
        self.head = nn.Sequential(
            nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False),
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(inplace=True),
            nn.Conv2d(CHANNELS, outputs, 1),
        )

    def correlate(self, templates: Tensor, features: Tensor) -> Tensor:
        return correlate(self.conv_search(features), self.conv_kernel(templates))

    def forward(self, templates: Tensor, features: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.correlate(templates, features)))


def _adjust() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(CHANNELS, CHANNELS, 3, bias=False),
        nn.BatchNorm2d(CHANNELS),
        nn.ReLU(inplace=True),
    )


def correlate(images: Tensor, kernels: Tensor) -> Tensor:
    """Correlate each channel of each image with the same channel of its own kernel.

    Args:
        images: float [n, c, h, w].
        kernels: float [n, c, kh, kw].

    Returns:
        float [n, c, h - kh + 1, w - kw + 1].
    """
    n, c, height, width = images.shape
    rows = functional.conv2d(
        images.reshape(1, n * c, height, width),
        kernels.reshape(n * c, 1, *kernels.shape[2:]),
        groups=n * c,
    )
    return rows.reshape(n, c, *rows.shape[2:])
