"""Model API's configuration in a file: the kind of model, the labels, the colour order."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from model_api.models import (
    SSD,
    YOLO11,
    ClassificationModel,
    DETRInstanceSegmentation,
    ImageModel,
    InstanceSegmentationModel,
    MaskRCNNModel,
    SegmentationModel,
    YOLOSeg,
    YOLOv5,
    YOLOv8,
)

from modelyard.annotation import LabelSet
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.openvino_info import MODEL_INFO
from modelyard_contract.heads import Channels

# Its detectors that were verified to work; its YOLOX fails on every image.
_KINDS: Final[Mapping[str, type[ImageModel]]] = {
    kind.__model__.lower(): kind
    for kind in (
        ClassificationModel,
        DETRInstanceSegmentation,
        MaskRCNNModel,
        SegmentationModel,
        SSD,
        YOLO11,
        YOLOSeg,
        YOLOv5,
        YOLOv8,
    )
}


def is_read(configuration: Mapping[str, str]) -> bool:
    """Return whether a configuration is of a supported kind."""
    return configuration.get("model_type", "").lower() in _KINDS


def kind_of(file: Path, configuration: Mapping[str, str]) -> type[ImageModel]:
    """Return Model API's class for a configuration.

    Raises:
        HeadError: it has no class, or an unsupported one.
    """
    name = configuration.get("model_type")
    if name is None:
        raise HeadError(
            f"{file.name} has no Model API configuration ({MODEL_INFO}/model_type in its "
            "rt_info); set `head` instead"
        )
    if name.lower() not in _KINDS:
        raise HeadError(
            f"{file.name} has Model API's type {name!r}; accepted: "
            + ", ".join(sorted(kind.__model__ for kind in _KINDS.values()))
        )
    return _KINDS[name.lower()]


def fed_with_bgr(
    configuration: Mapping[str, str], model: ImageModel, channels: Channels | None
) -> bool:
    """Return whether the network gets BGR; `channels` overrides the file."""
    reverses = bool(model.get_param("reverse_input_channels"))
    if channels is None:
        return "otx_version" not in configuration
    return (channels == "bgr") != reverses


def labels_by_name(known: Sequence[str], labels: LabelSet) -> dict[str, str]:
    """Return the function's labels by Model API's names.

    Raises:
        HeadError: a label is not in the file, or has the id of another.
    """
    if not known:
        return {label.name: label.name for label in labels}
    numbers = {_spelled(name): number for number, name in enumerate(known)}
    for label in labels:
        number = numbers.get(_spelled(label.name))
        if number is None:
            raise HeadError(
                f"the label {label.name!r} is not in the file; accepted: {', '.join(known)}"
            )
        if label.id not in {None, number}:
            raise HeadError(
                f"the label {label.name!r} has id {label.id}, but in the file it is {number}"
            )
    return {known[numbers[_spelled(label.name)]]: label.name for label in labels}


def _spelled(name: str) -> str:
    """Return a label as Model API writes it, without spaces."""
    return name.replace(" ", "_")


def labels_by_number(kind: type[ImageModel], labels: LabelSet) -> list[str]:
    """Return the labels by class number."""
    if not labels.ids:
        # Their class 0 is the background.
        blank = ["#0"] if issubclass(kind, InstanceSegmentationModel) else []
        return [*blank, *labels.names]
    names = {label.id: label.name for label in labels}
    return [names.get(number, f"#{number}") for number in range(max(labels.ids) + 1)]
