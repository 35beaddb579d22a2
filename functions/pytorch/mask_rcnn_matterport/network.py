"""The network (He et al. 2017, https://arxiv.org/abs/1703.06870), Matterport's variant.

Layers follow Keras: convolutions before a normalisation have a bias, normalisations use an epsilon
of 1e-3, and "same" padding of an even size pads more at the end.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mask_rcnn_matterport.crops import pyramid_crops
from modelyard.inference.resnet import ConvNorm, ResNet

CLASSES: Final = 81
"""COCO's 80 and the background, which is class 0."""
RATIOS: Final = 3
"""Anchors per cell."""

_EPSILON: Final = 1e-3
_WIDTH: Final = 256
_POOL: Final = 7
_MASK_POOL: Final = 14


class MaskRCNN(nn.Module):
    """ResNet-101 with a feature pyramid, and three heads; `detection` combines them.

    Boxes are float32 [N, 4] of top, left, bottom, right as fractions, where 1 is the centre line
    of the input's last pixels (Matterport's normalised coordinates).
    """

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.backbone = ResNet(pool_margins=(0, 1, 0, 1), bias=True, epsilon=_EPSILON)
        width2, width3, width4, width5 = ResNet.widths
        self.lateral2 = nn.Conv2d(width2, _WIDTH, 1)
        self.lateral3 = nn.Conv2d(width3, _WIDTH, 1)
        self.lateral4 = nn.Conv2d(width4, _WIDTH, 1)
        self.lateral5 = nn.Conv2d(width5, _WIDTH, 1)
        self.output2 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.output3 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.output4 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.output5 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.proposals = Proposals()
        self.classifier = Classifier()
        self.masks = Masks()

    def features(self, pixels: Tensor) -> list[Tensor]:
        """Return four maps [1, 256, H / stride, W / stride] of strides 4, 8, 16 and 32.

        Args:
            pixels: float32 [1, 3, H, W], RGB 0..255 minus `handler.MEAN`; H and W multiples of 64.
        """
        c2, c3, c4, c5 = self.backbone(pixels)
        p5 = self.lateral5(c5)
        p4 = self.lateral4(c4) + functional.interpolate(p5, scale_factor=2.0)
        p3 = self.lateral3(c3) + functional.interpolate(p4, scale_factor=2.0)
        p2 = self.lateral2(c2) + functional.interpolate(p3, scale_factor=2.0)
        return [self.output2(p2), self.output3(p3), self.output4(p4), self.output5(p5)]


class Proposals(nn.Module):
    """The region proposal head."""

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.shared = nn.Conv2d(_WIDTH, 512, 3, padding=1)
        self.classes = nn.Conv2d(512, 2 * RATIOS, 1)
        self.deltas = nn.Conv2d(512, 4 * RATIOS, 1)

    def forward(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Process the maps of `MaskRCNN.features`, and a fifth: every other cell of the last.

        Returns:
            For each anchor, map by map and row by row: objectness, [N], and box deltas, [N, 4] of
            y, x, height and width.
        """
        scores, deltas = [], []
        for features in (*maps, maps[-1][:, :, ::2, ::2]):
            shared = functional.relu_(self.shared(features))
            scores.append(_by_anchor(self.classes(shared), 2).float().softmax(dim=1)[:, 1])
            deltas.append(_by_anchor(self.deltas(shared), 4).float())
        return torch.cat(scores), torch.cat(deltas)


class Classifier(nn.Module):
    """The box head: class probabilities, and box deltas for each class."""

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.conv1 = ConvNorm(_WIDTH, 1024, _POOL, padding=0, bias=True, epsilon=_EPSILON)
        self.conv2 = ConvNorm(1024, 1024, 1, bias=True, epsilon=_EPSILON)
        self.classes = nn.Linear(1024, CLASSES)
        self.deltas = nn.Linear(1024, CLASSES * 4)

    def forward(self, maps: list[Tensor], boxes: Tensor, image_area: int) -> tuple[Tensor, Tensor]:
        """Return probabilities [N, 81] and deltas [N, 81, 4] of y, x, height and width."""
        crops = pyramid_crops(maps, boxes, _POOL, image_area).flatten(1)
        # The kernel is as large as a crop; as a matrix multiplication it is many times faster.
        inner = functional.linear(crops, self.conv1.weight.flatten(1), self.conv1.bias)
        inner = functional.relu_(self.conv1.norm(inner[:, :, None, None]))
        inner = functional.relu_(self.conv2(inner)).flatten(1)
        probabilities = self.classes(inner).float().softmax(dim=1)
        return probabilities, self.deltas(inner).float().reshape(-1, CLASSES, 4)


class Masks(nn.Module):
    """The mask head."""

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.conv1 = ConvNorm(_WIDTH, _WIDTH, 3, bias=True, epsilon=_EPSILON)
        self.conv2 = ConvNorm(_WIDTH, _WIDTH, 3, bias=True, epsilon=_EPSILON)
        self.conv3 = ConvNorm(_WIDTH, _WIDTH, 3, bias=True, epsilon=_EPSILON)
        self.conv4 = ConvNorm(_WIDTH, _WIDTH, 3, bias=True, epsilon=_EPSILON)
        self.enlarge = nn.ConvTranspose2d(_WIDTH, _WIDTH, 2, stride=2)
        self.classes = nn.Conv2d(_WIDTH, CLASSES, 1)

    def forward(
        self, maps: list[Tensor], boxes: Tensor, classes: Tensor, image_area: int
    ) -> Tensor:
        """Return probabilities [N, 28, 28] over each box, for its class of `classes` [N]."""
        inner = pyramid_crops(maps, boxes, _MASK_POOL, image_area)
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            inner = functional.relu_(layer(inner))
        inner = functional.relu_(self.enlarge(inner))
        every: Tensor = self.classes(inner)
        return every[torch.arange(len(classes), device=classes.device), classes].float().sigmoid()


def _by_anchor(values: Tensor, size: int) -> Tensor:
    """Reshape [1, anchors * size, H, W] to [H * W * anchors, size]."""
    return values[0].permute(1, 2, 0).reshape(-1, size)
