"""The detector; everything is in its configuration."""

from typing import ClassVar

from modelyard.models.detectron2.detector import Detectron2


class MaskRCNN(Detectron2):
    """Mask R-CNN (He et al. 2017) on ResNet-50 with a feature pyramid."""

    config: ClassVar[str] = "COCO-InstanceSegmentation/mask_rcnn_R_50_FPN_3x"
