"""The network (Lin et al. 2017, https://arxiv.org/abs/1708.02002), in detectron2's layout."""

from pathlib import Path
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from modelyard.inference.checkpoints import find_state
from modelyard.inference.resnet import ResNet
from modelyard.inference.torch_loading import build_network
from retinanet_r101.decode import ANCHORS, CLASSES

WEIGHTS: Final = "model_final_971ab9.pkl"
"""The checkpoint's name, as published."""
_WIDTH: Final = 256
_DEPTH: Final = 4


class RetinaNet(nn.Module):
    """ResNet-101, a feature pyramid and two small heads shared by all maps.

    Parameters are named as in detectron2's checkpoints.
    """

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.backbone = Pyramid()
        self.head = Head()

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return logits and deltas for the anchors of the maps with strides 8 to 128.

        Args:
            pixels: float [1, 3, H, W], from `detector.to_input`.

        Returns:
            Five tensors of logits [H' * W' * 9, 80], the sigmoid of one being the score of a class,
            then five of deltas [H' * W' * 9, 4]. H' and W' are H and W divided by the stride,
            rounded up; cells are in row-major order.
        """
        logits, deltas = zip(*map(self.head, self.backbone(pixels)), strict=True)
        return *logits, *deltas


def read_network(path: Path) -> RetinaNet:
    """Return the network with the weights of a checkpoint as published, or of only its tensors.

    Raises:
        CheckpointError: it is not of this network.
    """
    return build_network(RetinaNet, find_state(path, "model"), source=path, rename=_rename)


def _rename(key: str) -> str | None:
    """Drop the constants that older checkpoints of detectron2 contain besides weights."""
    constant = key in {"pixel_mean", "pixel_std"} or key.startswith("anchor_generator.")
    return None if constant else key


class Pyramid(nn.Module):
    """A feature pyramid (Lin et al. 2016, https://arxiv.org/abs/1612.03144) of five maps."""

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.bottom_up = ResNet()
        _, width3, width4, width5 = ResNet.widths
        self.fpn_lateral3 = nn.Conv2d(width3, _WIDTH, 1)
        self.fpn_lateral4 = nn.Conv2d(width4, _WIDTH, 1)
        self.fpn_lateral5 = nn.Conv2d(width5, _WIDTH, 1)
        self.fpn_output3 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.fpn_output4 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.fpn_output5 = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.top_block = TopBlock()

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Return five maps [1, 256, H / stride, W / stride], sizes rounded up."""
        _, c3, c4, c5 = self.bottom_up(pixels)
        p5 = self.fpn_lateral5(c5)
        p4 = self.fpn_lateral4(c4) + functional.interpolate(p5, scale_factor=2.0)
        p3 = self.fpn_lateral3(c3) + functional.interpolate(p4, scale_factor=2.0)
        fine = [self.fpn_output3(p3), self.fpn_output4(p4), self.fpn_output5(p5)]
        return [*fine, *self.top_block(c5)]


class TopBlock(nn.Module):
    """The two coarsest maps."""

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.p6 = nn.Conv2d(ResNet.widths[-1], _WIDTH, 3, stride=2, padding=1)
        self.p7 = nn.Conv2d(_WIDTH, _WIDTH, 3, stride=2, padding=1)

    def forward(self, c5: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps at a half and a quarter of the resolution of `c5`."""
        p6 = self.p6(c5)
        return p6, self.p7(functional.relu(p6))


class Head(nn.Module):
    """The heads: classes and boxes for the anchors of one map."""

    def __init__(self) -> None:
        """Define the layers."""
        super().__init__()
        self.cls_subnet = _subnet()
        self.bbox_subnet = _subnet()
        self.cls_score = nn.Conv2d(_WIDTH, ANCHORS * CLASSES, 3, padding=1)
        self.bbox_pred = nn.Conv2d(_WIDTH, ANCHORS * 4, 3, padding=1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and deltas, as `RetinaNet` does, of a map [1, 256, H, W]."""
        logits = self.cls_score(self.cls_subnet(features))
        deltas = self.bbox_pred(self.bbox_subnet(features))
        return _by_anchor(logits, CLASSES), _by_anchor(deltas, 4)


def _subnet() -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(_DEPTH):
        layers += [nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _by_anchor(values: Tensor, size: int) -> Tensor:
    """Reshape [1, anchors * size, H, W] to [H * W * anchors, size]."""
    return values[0].permute(1, 2, 0).reshape(-1, size)
