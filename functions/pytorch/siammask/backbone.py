"""SiamMask's backbone: the features of exemplars and search images."""

from typing import Final, cast

from torch import Tensor, nn

from modelyard.inference.bottleneck import Bottleneck
from siammask.sizes import CHANNELS

# A search image gives 31x31 features, a template 15x15, of which only the middle is kept.
_SMALL: Final = 20
_RIM: Final = 4


class Features(nn.Module):
    """The backbone and the reduction of its last stage to 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.features = _ResNet50()
        self.downsample = _Reduction()

    def forward(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        first, second, third, fourth = self.features(images)
        return self.downsample(fourth), (first, second, third)


class _Reduction(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.downsample = nn.Sequential(
            nn.Conv2d(1024, CHANNELS, 1, bias=False), nn.BatchNorm2d(CHANNELS)
        )

    def forward(self, features: Tensor) -> Tensor:
        reduced = cast(Tensor, self.downsample(features))
        if reduced.shape[3] < _SMALL:
            reduced = reduced[:, :, _RIM:-_RIM, _RIM:-_RIM]
        return reduced


class _ResNet50(nn.Module):
    """ResNet-50 without its last stage, with stride 8, unpadded in strided layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(3, 64, 64, _shortcut(64, 256, 1))
        self.layer2 = _stage(4, 256, 128, _shortcut(256, 512, 3, stride=2), stride=2)
        self.layer3 = _stage(6, 512, 256, _shortcut(512, 1024, 3, padding=1), dilation=2)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        first = self.relu(self.bn1(self.conv1(images)))
        second = self.layer1(self.maxpool(first))
        third = self.layer2(second)
        return first, second, third, self.layer3(third)


def _shortcut(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 0
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _stage(  # noqa: PLR0917 - the differences between the three stages
    blocks: int,
    inputs: int,
    width: int,
    shortcut: nn.Module,
    stride: int = 1,
    dilation: int = 1,
) -> nn.Sequential:
    """Return a stage. Its first block is not dilated, and unpadded if strided."""
    outputs = 4 * width
    padding = 0 if stride > 1 else 1
    first = Bottleneck(inputs, width, outputs, stride=stride, padding=padding, downsample=shortcut)
    others = (Bottleneck(outputs, width, outputs, dilation=dilation) for _ in range(blocks - 1))
    return nn.Sequential(first, *others)
