"""The segmentation network of f-BRS: DeepLabV3+ on ResNet-101, for torch.

Sofiiuk et al., "f-BRS: Rethinking Backpropagating Refinement for Interactive Segmentation", CVPR
2020. The modules are named as in the authors' checkpoint `resnet101_dh256_sbd.pth`.
"""

from collections.abc import Sequence
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelyard.inference.bottleneck import Bottleneck

FEATURES: Final = 288
"""Optimised channels: those of the pyramid, and of the first stage's projection."""

_WIDTH: Final = 256
_PROJECTED: Final = 32
_RADIUS: Final = 260.0
_RATES: Final = (12, 24, 36)

Click = tuple[float, float]
"""Row and column in pixels."""


class ClickNetwork(nn.Module):
    """The whole network, in two halves: f-BRS-B modifies the features between them.

    Images are float [n, 3, h, w], RGB, 0..1 normalised with ImageNet's mean and standard deviation.
    """

    def __init__(self) -> None:
        """Make the network with random weights."""
        super().__init__()
        self.rgb_conv = nn.Sequential(
            nn.Conv2d(5, 8, 1), nn.LeakyReLU(0.2), nn.BatchNorm2d(8), nn.Conv2d(8, 3, 1)
        )
        self.feature_extractor = _DeepLab()
        self.head = _Head()

    def features(self, images: Tensor, clicks: Tensor) -> Tensor:
        """Return float [n, 288, h', w'], at a quarter of the images' size.

        Args:
            images: float [n, 3, h, w].
            clicks: float [n, 2, h, w] of `distance_maps`.
        """
        return self.feature_extractor.features(self.rgb_conv(torch.cat((images, clicks), 1)))

    def logits(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        """Return the object's logits [n, 1, height, width], scaled to a size (height, width)."""
        return scaled(self.head(self.feature_extractor.head(features)), size)

    def forward(self, images: Tensor, clicks: Tensor) -> Tensor:
        """Return the object's logits [n, 1, h, w] without any refinement."""
        height, width = images.shape[2:]
        return self.logits(self.features(images, clicks), (height, width))


class _DeepLab(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = _ResNet101()
        self.head = _Fusion()
        self.skip_project = _Projection()
        self.aspp = _Pyramid()

    def features(self, images: Tensor) -> Tensor:
        first, last = self.backbone(images)
        near = self.skip_project(first)
        far = scaled(self.aspp(last), near.shape[2:])
        return torch.cat((far, near), 1)


class _ResNet101(nn.Module):
    """ResNet-101 with stride 8 and a stem of three small convolutions, GluonCV's v1s."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            *_normalised(3, 64, 3, stride=2, padding=1),
            *_normalised(64, 64, 3, padding=1),
            nn.Conv2d(64, 128, 3, padding=1, bias=False),
        )
        self.bn1 = nn.BatchNorm2d(128)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(128, 64, (1,) * 3)
        self.layer2 = _stage(256, 128, (1,) * 4, stride=2)
        self.layer3 = _stage(512, 256, (1, *(2,) * 22))
        self.layer4 = _stage(1024, 512, (2, 4, 4))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        first = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(images)))))
        return first, self.layer4(self.layer3(self.layer2(first)))


def _stage(inputs: int, width: int, dilations: Sequence[int], stride: int = 1) -> nn.Sequential:
    outputs = 4 * width
    first, *others = dilations
    shortcut = nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
    )
    return nn.Sequential(
        Bottleneck(inputs, width, outputs, stride=stride, dilation=first, downsample=shortcut),
        *(Bottleneck(outputs, width, outputs, dilation=dilation) for dilation in others),
    )


def _normalised(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> tuple[nn.Module, nn.Module, nn.Module]:
    convolution = nn.Conv2d(
        inputs, outputs, kernel, stride=stride, padding=padding, dilation=dilation, bias=False
    )
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU()


class _Projection(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.skip_project = nn.Sequential(*_normalised(256, _PROJECTED, 1))

    def forward(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.skip_project(features))


class _Pyramid(nn.Module):
    """ASPP: the last stage at four dilations, and its global mean."""

    def __init__(self) -> None:
        super().__init__()
        self.concurent = nn.ModuleList(
            [
                nn.Sequential(*_normalised(2048, _WIDTH, 1)),
                *(
                    nn.Sequential(*_normalised(2048, _WIDTH, 3, padding=rate, dilation=rate))
                    for rate in _RATES
                ),
                _Mean(),
            ]
        )
        self.project = nn.Sequential(*_normalised(5 * _WIDTH, _WIDTH, 1))

    def forward(self, features: Tensor) -> Tensor:
        parts = [part(features) for part in self.concurent]
        return cast(Tensor, self.project(torch.cat(parts, 1)))


class _Mean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gap = nn.Sequential(nn.AdaptiveAvgPool2d(1), *_normalised(2048, _WIDTH, 1))

    def forward(self, features: Tensor) -> Tensor:
        return scaled(self.gap(features), features.shape[2:])


class _Separable(nn.Module):
    """A depthwise 3x3 convolution, then a pointwise one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
            *_normalised(inputs, outputs, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.body(features))


class _Fusion(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(
            _Separable(FEATURES, _WIDTH), _Separable(_WIDTH, _WIDTH), nn.Conv2d(_WIDTH, _WIDTH, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.block(features))


class _Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        inner = _WIDTH // 2
        self.layers = nn.Sequential(
            _Separable(_WIDTH, inner), _Separable(inner, inner), nn.Conv2d(inner, 1, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.layers(features))


def scaled(features: Tensor, size: Sequence[int]) -> Tensor:
    """Return features [n, c, h, w] scaled bilinearly to height and width, with aligned corners."""
    height, width = size
    return functional.interpolate(
        features, size=(height, width), mode="bilinear", align_corners=True
    )


def distance_maps(
    positive: Sequence[Click], negative: Sequence[Click], size: tuple[int, int]
) -> Tensor:
    """Return float32 [2, height, width]: each pixel's distance from positive and negative clicks.

    It is tanh(2 d / 260): 0 at a click, 1 far away or without clicks.
    """
    return torch.stack([_distances(clicks, size) for clicks in (positive, negative)])


def _distances(clicks: Sequence[Click], size: tuple[int, int]) -> Tensor:
    height, width = size
    if not clicks:
        return torch.ones(height, width)
    rows, columns = torch.arange(height, dtype=torch.float32), torch.arange(width).float()
    nearest = torch.full((height, width), torch.inf)
    for row, column in clicks:
        down, across = (rows - row) / _RADIUS, (columns - column) / _RADIUS
        nearest = torch.minimum(nearest, (down * down)[:, None] + across * across)
    return nearest.sqrt().mul(2).tanh()
