"""SSDLite on MobileNetV2, straight from its frozen TensorFlow graph."""

from typing import ClassVar

from modelyard.models.tf_detection import TfDetector


class PedestrianSsdlite(TfDetector):
    """SSDLite on MobileNetV2 with a single class, person, from TensorFlow's Object Detection API.

    The graph scales images to 300x300.
    """

    weights: ClassVar[str] = "pedestrian_ssdlite.xml"
