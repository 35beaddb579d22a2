"""SiamMask with its refinement branch, "SiamMask-sharp", as a torch network.

Wang et al., "Fast Online Object Tracking and Segmentation: A Unifying Approach", CVPR 2019. The
modules are named as in the authors' checkpoints.
"""

from typing import NamedTuple, cast

from torch import Tensor, nn

from siammask.backbone import Features
from siammask.correlation import Correlation
from siammask.refinement import Refinement
from siammask.sizes import ANCHORS, COARSE_MASK, TEMPLATE
from siammask.windows import windows


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
        self.features = Features()
        self.rpn_model = _Proposals()
        self.mask_model = _Masks()
        self.refine_model = Refinement()

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


class _Proposals(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cls = Correlation(2 * ANCHORS)
        self.loc = Correlation(4 * ANCHORS)


class _Masks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mask = Correlation(COARSE_MASK**2)
