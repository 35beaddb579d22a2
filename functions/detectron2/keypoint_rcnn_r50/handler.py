"""The detector; everything is in its configuration."""

from typing import ClassVar

from modelyard.models.detectron2.detector import Detectron2


class KeypointRCNN(Detectron2):
    """Keypoint R-CNN (He et al. 2017) on ResNet-50 with a feature pyramid."""

    config: ClassVar[str] = "COCO-Keypoints/keypoint_rcnn_R_50_FPN_3x"
