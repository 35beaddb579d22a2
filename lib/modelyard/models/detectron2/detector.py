"""A detector for any configuration of detectron2's model zoo."""

from abc import ABC
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from modelyard.annotation import Shape
from modelyard.imaging import Image
from modelyard.inference.checkpoints import CheckpointError, read_state
from modelyard.inference.device import Device
from modelyard.inference.torch_device import prepare, running
from modelyard.inference.torch_loading import load_state
from modelyard.models.detectron2.classes import label_classes
from modelyard.models.detectron2.importing import ResizeShortestEdge, build_model
from modelyard.models.detectron2.shapes import instance_shapes, panoptic_shapes
from modelyard.models.detectron2.zoo import open_configuration
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Detector


class Detectron2(Detector, ABC):
    """A network of detectron2, built and run by detectron2.

    Sizes, limits and IoU thresholds are those of the configuration; its score thresholds are
    replaced by the request's.

    Attributes:
        config: Name of a configuration in detectron2's model zoo.
        shortest: Length in pixels to which the shorter side of an image is scaled, instead of the
            configuration's.
    """

    config: ClassVar[str]
    shortest: ClassVar[int | None] = None

    def __init_subclass__(cls) -> None:
        """Refuse a class that does not name a configuration."""
        super().__init_subclass__()
        if not isinstance(getattr(cls, "config", None), str):
            raise TypeError(f"class {cls.__name__} must name a configuration as `config`")

    def load(self, assets: Assets, device: Device) -> None:
        """Build the network and read its checkpoint, the only file among the weights.

        Raises:
            ConfigurationError: the configuration does not exist or cannot be run.
            LabelError: the function's labels do not fit the network's classes.
            CheckpointError: the checkpoint is not of this network, or contains code.
        """
        configuration = open_configuration(self.config)
        self._classes = label_classes(configuration, assets.labels)
        network = build_model(configuration)
        path = checkpoint(assets)
        load_state(network, read_state(path, "model"), source=path, rename=_rename)
        self._device = device
        self._network = prepare(network, device)
        self._bgr = configuration.INPUT.FORMAT == "BGR"
        size = self.shortest or configuration.INPUT.MIN_SIZE_TEST
        self._resize = ResizeShortestEdge((size, size), configuration.INPUT.MAX_SIZE_TEST)

    def detect(self, image: Image, threshold: float) -> Sequence[Shape]:
        """Return detections with a score of at least `threshold`, and stuff, which has none."""
        set_threshold(self._network, threshold)
        answer = self._run(image)
        if "panoptic_seg" in answer:
            segments, described = answer["panoptic_seg"]
            return list(panoptic_shapes(segments.cpu().numpy(), described, self._classes))
        return list(instance_shapes(answer["instances"].to("cpu"), self._classes))

    def _run(self, image: Image) -> dict[str, Any]:
        """Return detectron2's output for one image, in pixels of the image."""
        pixels = image.pixels[:, :, ::-1] if self._bgr else image.pixels
        pixels = np.ascontiguousarray(pixels)
        scaled = self._resize.get_transform(pixels).apply_image(pixels)
        tensor = torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32))
        width, height = image.size
        # In half precision detectron2 would round boxes to whole pixels before pooling.
        with running(self._device, half=False):
            answer: dict[str, Any] = self._network(
                [{"image": tensor, "height": height, "width": width}]
            )[0]
        return answer


def checkpoint(assets: Assets) -> Path:
    """Return the one file among a function's weights.

    Raises:
        CheckpointError: there is not exactly one.
    """
    folder = assets.path / "weights"
    files = sorted(path.name for path in folder.glob("*"))
    if len(files) != 1:
        raise CheckpointError(
            f"{folder} must hold one checkpoint, not {', '.join(files) or 'none'}"
        )
    return assets.weights(files[0])


def set_threshold(network: Any, threshold: float) -> None:
    """Make a network report scores of at least `threshold`, 0..1."""
    # detectron2 compares with "greater than", in float32.
    below = float(np.nextafter(np.float32(threshold), np.float32(-1)))
    for part in network.modules():
        if hasattr(part, "test_score_thresh"):
            part.test_score_thresh = below
    if hasattr(network, "combine_instances_score_thresh"):
        network.combine_instances_score_thresh = threshold


def _rename(key: str) -> str | None:
    """Skip the constants in older checkpoints of detectron2."""
    constant = key in {"pixel_mean", "pixel_std"} or "anchor_generator.cell_anchors." in key
    return None if constant else key
