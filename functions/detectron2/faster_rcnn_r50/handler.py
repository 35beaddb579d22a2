"""The detector; everything is in its configuration."""

from typing import ClassVar

from modelyard.models.detectron2.detector import Detectron2


class FasterRCNN(Detectron2):
    """Faster R-CNN (Ren et al. 2015) on ResNet-50 with a feature pyramid."""

    config: ClassVar[str] = "COCO-Detection/faster_rcnn_R_50_FPN_3x"
