"""A real graph for the handler of `tf_faster_rcnn_inception_v2_coco`."""

from typing import ClassVar

from tf_faster_rcnn_inception_v2_coco.handler import TfFasterRcnn


class PedestrianSsdlite(TfFasterRcnn):
    """SSDLite on MobileNetV2 that knows people only, from TensorFlow's Object Detection API.

    Input and outputs are those of the class above; this graph scales images to 300x300 itself.
    """

    weights: ClassVar[str] = "pedestrian_ssdlite.xml"
