"""The building block of ResNet-50 and deeper networks, for torch."""

from typing import cast

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """Three convolutions (1x1, 3x3, 1x1) with a shortcut around them.

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, figure 5. The 3x3
    convolution has the stride. Weights are named as in torchvision and most checkpoints:
    `conv1`, `bn1`, ..., `conv3`, `bn3`, `downsample`.
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        outputs: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        padding: int | None = None,
        downsample: nn.Module | None = None,
    ) -> None:
        """Create a block from `inputs` to `outputs` channels, with `width` channels inside.

        `padding` of the 3x3 convolution defaults to its dilation, which keeps the size at stride
        1. `downsample` brings the input to the shape of the output.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width,
            width,
            3,
            stride=stride,
            padding=dilation if padding is None else padding,
            dilation=dilation,
            bias=False,
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, features: Tensor) -> Tensor:
        """Return float [n, outputs, h', w'] for float [n, inputs, h, w]."""
        inner = self.relu(self.bn1(self.conv1(features)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        inner = self.bn3(self.conv3(inner))
        around = features if self.downsample is None else self.downsample(features)
        return cast(Tensor, self.relu(inner + around))
