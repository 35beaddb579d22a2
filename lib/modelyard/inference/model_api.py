"""Networks whose file contains OpenVINO Model API's configuration: preprocessing and decoding.

Training Extensions, Geti and Model API's converter write it into an IR's `rt_info`, under
`model_info`, or into an ONNX file's metadata. The package `openvino-model-api` reads it, prepares
the image and decodes the outputs; here it gets a network compiled like all of ours, and its results
become shapes.
"""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
from model_api.adapters import OpenvinoAdapter
from model_api.models import (
    ClassificationModel,
    DETRInstanceSegmentation,
    MaskRCNNModel,
    Model,
    SegmentationModel,
)
from model_api.models.model import WrapperError
from model_api.models.parameters import ParameterRegistry
from model_api.models.result import (
    ClassificationResult,
    DetectionResult,
    InstanceSegmentationResult,
)

from modelyard.annotation import LabelSet, Mask, Rectangle, Shape, Tag
from modelyard.imaging import Image, crop
from modelyard.inference.device import Device
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.segmentation import masks_of, outlines_of
from modelyard.inference.mask_paste import paste
from modelyard.inference.model_api_configuration import (
    fed_with_bgr,
    kind_of,
    labels_by_name,
    labels_by_number,
)
from modelyard.inference.openvino_info import model_info
from modelyard.inference.openvino_network import compile_network, read_network
from modelyard_contract.heads import Channels

# Its classes write their defaults into a shared object, which would affect the next one.
_PARAMETERS: Final = {
    name: copy.deepcopy(group)
    for name, group in vars(ParameterRegistry).items()
    if isinstance(group, dict)
}
_SCALED: Final = ("standard", "fit_to_window", "fit_to_window_letterbox")
"""Resize types supported for boxes: Model API loses the offset of a crop."""
_PARTS: Final = 1000
"""The maximum number of masks from a class map."""


class ModelApiNetwork:
    """A network that is configured by its file."""

    def __init__(
        self, file: Path, *, device: Device, labels: LabelSet, channels: Channels | None = None
    ) -> None:
        """Load the network.

        Args:
            file: IR (.xml) or ONNX.
            device: Must be cpu.
            labels: The function's labels: those named in the file, in any order, with spaces for
                Model API's underscores; other classes are not reported. If the file names none,
                the labels follow the order of the classes, or their ids.
            channels: The network's colour order, if `reverse_input_channels` does not give it:
                that counts from BGR in general, and from RGB in files of Training Extensions.

        Raises:
            HeadError: the file does not have a fitting configuration.
            OpenVINOError: the file cannot be loaded as a model.
        """
        network = read_network(file, device)
        configuration = model_info(network)
        kind = kind_of(file, configuration)
        known = tuple(configuration.get("labels", "").split())
        self._names = labels_by_name(known, labels)
        # That path is of the machine on which the file was written.
        more: dict[str, Any] = {"path_to_labels": ""}
        if not known:
            more["labels"] = labels_by_number(kind, labels)
        if issubclass(kind, SegmentationModel):
            more["return_soft_prediction"] = False
        if issubclass(kind, MaskRCNNModel):
            # It draws masks a pixel too large on each side, each as large as the image.
            more["postprocess_semantic_masks"] = False
        self._model = _fitting(file, lambda: kind(_adapter(network), more))
        self._check_scaling()
        self._bgr = fed_with_bgr(configuration, self._model, channels)
        self.threshold = self._parameter("confidence_threshold")
        """The file's threshold, or Model API's default; None if its kind has none."""

    def detect(self, image: Image, threshold: float) -> list[Shape]:
        """Return detections with a score above `threshold`; class maps have no scores."""
        if self.threshold is not None:
            self._model.set_param("confidence_threshold", float(threshold))
        pixels = image.pixels[..., ::-1] if self._bgr else image.pixels
        result = self._model(np.ascontiguousarray(pixels))
        shapes = self._shapes(result, threshold, image.size)
        return sorted(shapes, key=lambda shape: -(shape.confidence or 0))

    def _shapes(self, result: Any, threshold: float, size: tuple[int, int]) -> Iterator[Shape]:
        if isinstance(result, ClassificationResult):
            yield from self._tags(result, threshold)
        elif isinstance(result, InstanceSegmentationResult):
            yield from self._masks(result, size)
        elif isinstance(result, DetectionResult):
            yield from self._rectangles(result)
        else:
            # The background is 0 and has no name.
            labels = self._parameter("labels") or []
            names = {
                number: self._names[name]
                for number, name in enumerate(labels, 1)
                if name in self._names
            }
            yield from masks_of(result.astype(np.int64), names, limit=_PARTS)

    def _tags(self, result: ClassificationResult, threshold: float) -> Iterator[Tag]:
        for label in result.top_labels or ():
            if label.name in self._names and label.confidence >= threshold:
                yield Tag(self._names[label.name], confidence=label.confidence)

    def _rectangles(self, result: DetectionResult) -> Iterator[Rectangle]:
        found = zip(result.label_names, result.bboxes, result.scores, strict=True)
        for name, box, score in found:
            if name in self._names:
                yield Rectangle(self._names[name], box, confidence=score)

    def _masks(self, result: InstanceSegmentationResult, size: tuple[int, int]) -> Iterator[Mask]:
        squares = isinstance(self._model, MaskRCNNModel)
        found = zip(result.label_names, result.masks, result.bboxes, result.scores, strict=True)
        for name, mask, box, score in found:
            if name not in self._names:
                continue
            part = paste(mask, tuple(box.tolist()), size) if squares else crop(mask)
            if part is not None:
                yield Mask(
                    self._names[name], *part, polygon=outlines_of([part])[0], confidence=score
                )

    def _check_scaling(self) -> None:
        """Refuse configurations for which Model API returns misplaced shapes.

        Raises:
            HeadError: this is such a configuration.
        """
        scaling = self._parameter("resize_type")
        # For these, Model API maps the whole output to the whole image, padding included.
        whole = isinstance(self._model, SegmentationModel | DETRInstanceSegmentation)
        accepted = _SCALED[:1] if whole else _SCALED
        if scaling not in accepted and not isinstance(self._model, ClassificationModel):
            raise HeadError(
                f"its configuration has resize_type {scaling!r}, which Model API's "
                f"{self._model.__model__} cannot invert; accepted: {', '.join(accepted)}"
            )

    def _parameter(self, name: str) -> Any:
        known = self._model.get_cached_parameters()
        return self._model.get_param(name) if name in known else None


class _Core:
    """What Model API's adapter needs of `openvino.Core`, for a network already read."""

    def __init__(self, network: openvino.Model) -> None:
        self._network = network

    def read_model(self, *_: object) -> openvino.Model:
        return self._network

    @staticmethod
    def compile_model(network: openvino.Model, *_: object) -> openvino.CompiledModel:
        return compile_network(network)


def _adapter(network: openvino.Model) -> OpenvinoAdapter:
    # Bytes mean that the network is not a file; our core has it.
    return OpenvinoAdapter(
        _Core(network), b"", weights_path=b"", model_parameters={}, max_num_requests=1
    )


def _fitting(file: Path, make: Callable[[], Model]) -> Any:
    """Return a loaded Model API model.

    Raises:
        HeadError: the configuration does not fit the network.
    """
    try:
        for name, group in _PARAMETERS.items():
            setattr(ParameterRegistry, name, copy.deepcopy(group))
        model = make()
        # Most classes have already compiled the network, to embed the preprocessing.
        model.model_loaded = hasattr(model.inference_adapter, "compiled_model")
        model.load()
    except (WrapperError, ValueError, RuntimeError, KeyError, IndexError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise HeadError(
            f"the Model API configuration of {file.name} does not fit: {reason}"
        ) from error
    return model
