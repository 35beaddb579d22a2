"""The detector; everything is in its configuration."""

from typing import ClassVar

from modelyard.models.detectron2.detector import Detectron2


class PanopticFPN(Detectron2):
    """Panoptic feature pyramid (Kirillov et al. 2019) on ResNet-50."""

    config: ClassVar[str] = "COCO-PanopticSegmentation/panoptic_fpn_R_50_3x"
