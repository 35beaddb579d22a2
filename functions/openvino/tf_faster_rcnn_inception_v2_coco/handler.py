"""Faster R-CNN on Inception v2, straight from its frozen TensorFlow graph."""

from typing import ClassVar

from modelyard.models.tf_detection import TfDetector


class TfFasterRcnn(TfDetector):
    """Faster R-CNN on Inception v2, trained on COCO with TensorFlow's Object Detection API.

    The graph scales images to 600 to 1024 pixels a side (its pipeline.config).
    """

    weights: ClassVar[str] = "tf_faster_rcnn_inception_v2_coco.xml"
