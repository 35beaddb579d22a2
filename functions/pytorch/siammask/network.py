"""SiamMask with its refinement branch, "SiamMask-sharp", as a torch network.

Wang et al., "Fast Online Object Tracking and Segmentation: A Unifying Approach", CVPR 2019. The
modules are named as in the authors' checkpoints.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from modelyard.inference.bottleneck import Bottleneck

EXEMPLAR: Final = 127
SEARCH: Final = 255
STRIDE: Final = 8
ANCHORS: Final = 5
CHANNELS: Final = 256
TEMPLATE: Final = 7
"""Height and width of a template's features."""
SCORES: Final = 25
"""Height and width of the maps of scores, boxes and correlations of a search image."""
COARSE_MASK: Final = 63
FINE_MASK: Final = 127

# A search image gives 31x31 features, a template 15x15, of which only the middle is kept.
_SMALL: Final = 20
_RIM: Final = 4


class Found(NamedTuple):
    """The network's outputs for n search images of 255x255 pixels.

    Attributes:
        scores: float [n, 10, 25, 25]: the 5 anchors' logits of "background", then of "object".
        boxes: float [n, 20, 25, 25]: the 5 anchors' dx, then dy, dw, dh.
        templates: float [n, 256, 7, 7], the templates searched for.
        features: float [n, 256, 31, 31] of the images.
        stages: The backbone's features: [n, 64, 125, 125], [n, 256, 63, 63], [n, 512, 31, 31].
    """

    scores: Tensor
    boxes: Tensor
    templates: Tensor
    features: Tensor
    stages: tuple[Tensor, Tensor, Tensor]


class SiamMask(nn.Module):
    """The whole network. Images are float [n, 3, h, w], BGR, 0..255 without normalisation."""

    def __init__(self) -> None:
        """Make the network with random weights."""
        super().__init__()
        self.features = _Features()
        self.rpn_model = _Proposals()
        self.mask_model = _Masks()
        self.refine_model = _Refinement()

    def template(self, exemplars: Tensor) -> Tensor:
        """Return the features [n, 256, 7, 7] of n exemplars of 127x127 pixels."""
        return cast(Tensor, self.features(exemplars)[0])

    def search(self, templates: Tensor, images: Tensor) -> Found:
        """Search for n templates in n search images of 255x255 pixels, one in each."""
        features, stages = self.features(images)
        return Found(
            self.rpn_model.cls(templates, features),
            self.rpn_model.loc(templates, features),
            templates,
            features,
            stages,
        )

    def refine(self, found: Found, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the mask logits [n, 127, 127] at one position of the 25x25 maps of each image."""
        vectors = self.mask_vectors(found, rows, columns)
        return cast(Tensor, self.refine_model(vectors, found.stages, rows, columns))

    def coarse_mask(self, found: Found, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the unrefined mask logits [n, 63, 63] at one position of each image's maps."""
        logits = self.mask_model.mask.head(self.mask_vectors(found, rows, columns))
        return cast(Tensor, logits.reshape(-1, COARSE_MASK, COARSE_MASK))

    def mask_vectors(self, found: Found, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the input of the mask head at one position of the 25x25 maps: [n, 256, 1, 1].

        It is the mask branch's correlation, which is computed only at this position.
        """
        seen = windows(found.features, rows, columns, step=1, side=TEMPLATE, rim=0)
        return self.mask_model.mask.correlate(found.templates, seen)


class _Features(nn.Module):
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


class _Correlation(nn.Module):
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


class _Proposals(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cls = _Correlation(2 * ANCHORS)
        self.loc = _Correlation(4 * ANCHORS)


class _Masks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mask = _Correlation(COARSE_MASK**2)


class _Refinement(nn.Module):
    """Refines a mask of 127x127 from one correlation and the backbone's features around it."""

    def __init__(self) -> None:
        super().__init__()
        self.v0 = _pair(64, 16, 4)
        self.v1 = _pair(256, 64, 16)
        self.v2 = _pair(512, 128, 32)
        self.h2 = _pair(32, 32, 32)
        self.h1 = _pair(16, 16, 16)
        self.h0 = _pair(4, 4, 4)
        self.deconv = nn.ConvTranspose2d(CHANNELS, 32, 15, 15)
        self.post0 = nn.Conv2d(32, 16, 3, padding=1)
        self.post1 = nn.Conv2d(16, 4, 3, padding=1)
        self.post2 = nn.Conv2d(4, 1, 3, padding=1)

    def forward(
        self, vectors: Tensor, stages: Sequence[Tensor], rows: Tensor, columns: Tensor
    ) -> Tensor:
        first, second, third = (
            windows(stage, rows, columns, step=step, side=side, rim=rim)
            for stage, (step, side, rim) in zip(stages, _WINDOWS, strict=True)
        )
        mask = self.deconv(vectors)
        mask = self.post0(functional.interpolate(self.h2(mask) + self.v2(third), size=(31, 31)))
        mask = self.post1(functional.interpolate(self.h1(mask) + self.v1(second), size=(61, 61)))
        fine = (FINE_MASK, FINE_MASK)
        mask = self.post2(functional.interpolate(self.h0(mask) + self.v0(first), size=fine))
        return cast(Tensor, mask[:, 0])


# Of each stage: pixels per map position, side of the window, zero padding of the features.
_WINDOWS: Final = ((4, 61, 16), (2, 31, 8), (1, 15, 4))


def _pair(inputs: int, inner: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inner, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(inner, outputs, 3, padding=1),
        nn.ReLU(),
    )


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
