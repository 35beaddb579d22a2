"""ResNet backbones of detectors (He et al. 2015, https://arxiv.org/abs/1512.03385).

As in the original Caffe models, the first 1x1 convolution of a stage has the stride. Parameters are
named as in detectron2: `stem.conv1.weight`,
`res2.0.conv1.norm.running_mean`, `res2.0.shortcut.weight`.
"""

from collections.abc import Sequence
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

RESNET_101: Final = (3, 4, 23, 3)
"""Blocks in each of the four stages."""

# Left, right, top, bottom, as in torch's padding.
Margins = tuple[int, int, int, int]


class ConvNorm(nn.Conv2d):
    """A convolution and the batch normalisation `norm` after it."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: int | None = None,
        bias: bool = False,
        epsilon: float = 1e-5,
    ) -> None:
        """Pad by half of `kernel` by default, so that stride 1 keeps the size."""
        margin = kernel // 2 if padding is None else padding
        super().__init__(inputs, outputs, kernel, stride, margin, bias=bias)
        self.norm = nn.BatchNorm2d(outputs, epsilon)

    def forward(self, features: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H / stride, W / stride] with default padding."""
        normal: Tensor = self.norm(super().forward(features))
        return normal


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, *, bias: bool, epsilon: float
    ) -> None:
        """Use a convolution as shortcut if the shape changes."""
        super().__init__()
        width = outputs // 4
        self.conv1 = ConvNorm(inputs, width, 1, stride=stride, bias=bias, epsilon=epsilon)
        self.conv2 = ConvNorm(width, width, 3, bias=bias, epsilon=epsilon)
        self.conv3 = ConvNorm(width, outputs, 1, bias=bias, epsilon=epsilon)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = ConvNorm(inputs, outputs, 1, stride=stride, bias=bias, epsilon=epsilon)

    def forward(self, features: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H / stride, W / stride]."""
        inner = functional.relu_(self.conv1(features))
        inner = functional.relu_(self.conv2(inner))
        return functional.relu_(self.conv3(inner) + self.shortcut(features))


class Stem(nn.Module):
    """A 7x7 convolution and 3x3 max pooling, each with stride 2."""

    def __init__(self, *, pool_margins: Margins, bias: bool, epsilon: float) -> None:
        """Create the layers."""
        super().__init__()
        self.conv1 = ConvNorm(3, 64, 7, stride=2, bias=bias, epsilon=epsilon)
        self.pool_margins = pool_margins

    def forward(self, pixels: Tensor) -> Tensor:
        """Map [N, 3, H, W] to [N, 64, H / 4, W / 4]."""
        features = functional.relu_(self.conv1(pixels))
        # No value is below 0 here, so padding never is the maximum of a window with image in it.
        return functional.max_pool2d(
            functional.pad(features, self.pool_margins), kernel_size=3, stride=2
        )


class ResNet(nn.Module):
    """A ResNet of bottlenecks without its classifier."""

    widths: Final = (256, 512, 1024, 2048)
    """Channels of the output of each stage."""

    def __init__(
        self,
        blocks: Sequence[int] = RESNET_101,
        *,
        pool_margins: Margins = (1, 1, 1, 1),
        bias: bool = False,
        epsilon: float = 1e-5,
    ) -> None:
        """Build the network.

        Args:
            blocks: Number in each stage.
            pool_margins: Zero padding before the stem's max pooling: on all sides in torch and
                Caffe; (0, 1, 0, 1) for TensorFlow's "SAME" on even sizes.
            bias: Whether convolutions before a normalisation have one, as in Keras.
            epsilon: Added to the variance in every normalisation.
        """
        super().__init__()
        self.stem = Stem(pool_margins=pool_margins, bias=bias, epsilon=epsilon)

        def stage(count: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
            first = Bottleneck(inputs, outputs, stride, bias=bias, epsilon=epsilon)
            others = (
                Bottleneck(outputs, outputs, 1, bias=bias, epsilon=epsilon)
                for _ in range(count - 1)
            )
            return nn.Sequential(first, *others)

        self.res2 = stage(blocks[0], 64, 256, 1)
        self.res3 = stage(blocks[1], 256, 512, 2)
        self.res4 = stage(blocks[2], 512, 1024, 2)
        self.res5 = stage(blocks[3], 1024, 2048, 2)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Return the maps of the four stages, at 1/4, 1/8, 1/16 and 1/32 of [N, 3, H, W]."""
        features = self.stem(pixels)
        maps = []
        for stage in (self.res2, self.res3, self.res4, self.res5):
            features = stage(features)
            maps.append(features)
        return maps
