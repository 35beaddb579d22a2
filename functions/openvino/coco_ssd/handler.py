"""The detector: the network of `modelyard.inference.networks.ssd`, and nothing else."""

from modelyard import Assets, Detector, Device, Image, Rectangle
from modelyard.inference.networks.ssd import CocoSsdNetwork


class CocoSsd(Detector):
    """SSDLite on MobileNetV2, trained on COCO: rectangles around everyday objects."""

    def load(self, assets: Assets, device: Device) -> None:
        """Load the network.

        Raises:
            LabelError: a label has no id, or none from 1 to 90.
        """
        self._network = CocoSsdNetwork(assets.weights("coco_ssd.xml"), assets.labels, device)

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        """Return objects with a score of at least `threshold`, best first."""
        return self._network.find(image, threshold)
