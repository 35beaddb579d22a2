"""The network of Inside-Outside Guidance, for torch.

Zhang et al., "Interactive Object Segmentation with Inside-Outside Guidance", CVPR 2020: a
ResNet-101 whose features a coarse and then a fine network turn into a mask. The modules are named
as in the authors' checkpoint.
"""

from collections.abc import Sequence
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelyard.inference.bottleneck import Bottleneck

INPUTS: Final = 5
"""Red, green, blue, inside clicks, outside clicks."""
SIDE: Final = 512
"""Height and width of the training input."""

_WIDTH: Final = 256
_LATERALS: Final = (512, 1024, 512, 256)
_POOLS: Final = (1, 2, 3, 6)


class InsideOutside(nn.Module):
    """The whole network. Takes float [n, 5, h, w] of 0..255, sides multiples of 16."""

    def __init__(self) -> None:
        """Make the network with random weights."""
        super().__init__()
        self.backbone = _ResNet101()
        self.psp4 = _Pyramid()
        self.Coarse_net = _Coarse()
        self.Fine_net = _Fine()

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of the object's pixels, float [n, 1, h, w]."""
        return self._to_input(self.Fine_net(self._coarse(images)), images)

    def all_stages(self, images: Tensor) -> list[Tensor]:
        """Return the logits of the four coarse stages, used in training, and the final ones."""
        maps = self._coarse(images)
        coarse = self.Coarse_net.predictions(maps)
        return [self._to_input(logits, images) for logits in (*coarse, self.Fine_net(maps))]

    def _coarse(self, images: Tensor) -> list[Tensor]:
        first, second, third, fourth = self.backbone(images)
        return cast(list[Tensor], self.Coarse_net((self.psp4(fourth), third, second, first)))

    @staticmethod
    def _to_input(logits: Tensor, images: Tensor) -> Tensor:
        return _scaled(logits, images.shape[2], images.shape[3])


class _ResNet101(nn.Module):
    """ResNet-101 with stride 16; the last stage is dilated by 2, 4 and 8 instead of strided."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(INPUTS, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(64, 64, (1,) * 3)
        self.layer2 = _stage(256, 128, (1,) * 4, stride=2)
        self.layer3 = _stage(512, 256, (1,) * 23, stride=2)
        self.layer4 = _stage(1024, 512, (2, 4, 8))

    def forward(self, images: Tensor) -> list[Tensor]:
        features = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        maps = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            features = stage(features)
            maps.append(features)
        return maps


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


class _Pyramid(nn.Module):
    """Pyramid pooling: means over 1, 4, 9 and 36 parts of the map, and the map itself."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_pooled(2048, size) for size in _POOLS)
        self.bottleneck = nn.Sequential(
            nn.Conv2d(4096, _LATERALS[0], 1, bias=False),
            nn.BatchNorm2d(_LATERALS[0]),
            nn.ReLU(inplace=True),
        )

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[2:]
        parts = [_scaled(stage(features), height, width) for stage in self.stages]
        return cast(Tensor, self.bottleneck(torch.cat([*parts, features], 1)))


def _pooled(inputs: int, size: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(size),
        nn.Conv2d(inputs, inputs // 4, 1, bias=False),
        nn.BatchNorm2d(inputs // 4),
        nn.ReLU(inplace=True),
    )


class _Coarse(nn.Module):
    """Adds the stages from the deepest to the shallowest, each with 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(_lateral(channels) for channels in _LATERALS)
        # The first is in the checkpoint but unused, since its two stages have the same size.
        self.upsamples = nn.ModuleList(_Upsample() for _ in _LATERALS[1:])
        self.predict = nn.ModuleList(_Prediction() for _ in _LATERALS)

    def forward(self, stages: Sequence[Tensor]) -> list[Tensor]:
        deepest = self.laterals[0](stages[0])
        maps, above = [deepest], deepest
        for index, stage in enumerate(stages[1:], start=1):
            maps.append(self.laterals[index](stage) + above)
            if index < len(self.upsamples):
                above = self.upsamples[index](maps[-1])
        return maps

    def predictions(self, maps: Sequence[Tensor]) -> list[Tensor]:
        height, width = maps[-1].shape[2:]
        return [
            cast(_Prediction, predict).at_size(features, height, width)
            for predict, features in zip(self.predict, maps, strict=True)
        ]


def _lateral(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, _WIDTH, 1, bias=False), nn.BatchNorm2d(_WIDTH), nn.ReLU(inplace=True)
    )


class _Upsample(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            nn.Conv2d(_WIDTH, _WIDTH, 1, bias=False),
            nn.BatchNorm2d(_WIDTH),
        )


class _Prediction(nn.Sequential):
    """Logits of one stage, scaled to a size before normalisation."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(_WIDTH, _WIDTH, 1, bias=False),
            nn.BatchNorm2d(_WIDTH),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDTH, 1, 3, padding=1, bias=False),
            nn.Identity(),
            nn.BatchNorm2d(1),
        )

    def at_size(self, features: Tensor, height: int, width: int) -> Tensor:
        *head, norm = self
        for layer in head:
            features = layer(features)
        return cast(Tensor, norm(_scaled(features, height, width)))


class _Fine(nn.Module):
    """Scales the four maps to the size of the largest and fuses them into one mask."""

    def __init__(self) -> None:
        super().__init__()
        self.cascade = nn.ModuleList(
            nn.Sequential(*(_fine_block(_WIDTH) for _ in range(blocks))) for blocks in (3, 2, 1, 0)
        )
        self.final_predict = nn.Sequential(
            _fine_block(4 * _WIDTH),
            nn.Conv2d(_WIDTH, 1, 3, padding=1, bias=False),
            nn.BatchNorm2d(1),
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        height, width = maps[-1].shape[2:]
        fine = [
            _scaled(blocks(features), height, width)
            for blocks, features in zip(self.cascade, maps, strict=True)
        ]
        return cast(Tensor, self.final_predict(torch.cat(fine, 1)))


def _fine_block(inputs: int) -> Bottleneck:
    shortcut = nn.Sequential(nn.Conv2d(inputs, _WIDTH, 1, bias=False), nn.BatchNorm2d(_WIDTH))
    return Bottleneck(inputs, 128, _WIDTH, downsample=shortcut)


def _scaled(features: Tensor, height: int, width: int) -> Tensor:
    size = (height, width)
    return functional.interpolate(features, size=size, mode="bilinear", align_corners=True)
