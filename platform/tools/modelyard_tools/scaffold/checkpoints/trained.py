"""Whose checkpoint a file is, and what it says of its network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from modelyard.inference.readers.classes import names_of
from modelyard.inference.readers.facts import ModelFile, Port
from modelyard.inference.readers.ultralytics import declared_outputs
from modelyard_tools.scaffold.checkpoints.exporters import RF_DETR, ULTRALYTICS, Exporter
from modelyard_tools.scaffold.checkpoints.outline import Instance, Outline, outline
from modelyard_tools.scaffold.errors import NetworkError

_TASKS: Final = {
    "DetectionModel": "detect",
    "YOLOv10DetectionModel": "detect",
    "RTDETRDetectionModel": "detect",
    "WorldModel": "detect",
    "YOLOEModel": "detect",
    "SegmentationModel": "segment",
    "YOLOESegModel": "segment",
    "PoseModel": "pose",
    "OBBModel": "obb",
    "ClassificationModel": "classify",
    "SemanticSegmentationModel": "semantic",
}
"""Ultralytics' task, by the class of the network."""
_NETWORKS: Final = "ultralytics.nn.tasks."
_YOLOV5: Final = "models.yolo."
_NEEDED: Final = ("torch", "ultralytics", "numpy", "collections", "pathlib")
"""Packages that a checkpoint of Ultralytics may name; its own list is stricter."""
_ONNX: Final = "export it to ONNX where it was trained (torch.onnx.export) and pass that file"


def read_checkpoint(path: Path) -> tuple[Exporter, ModelFile]:
    """Return the package that exports a checkpoint, and what the export will be.

    Raises:
        NetworkError: neither Ultralytics nor RF-DETR wrote it, or it is damaged.
        OSError: it cannot be read.
    """
    found = outline(path)
    root = found.root if isinstance(found.root, dict) else {"model": found.root}
    network = root.get("ema") or root.get("model")
    if isinstance(network, Instance) and network.kind.startswith(_NETWORKS):
        _check_names(path, found)
        metadata = _ultralytics(root, network)
        return ULTRALYTICS, ModelFile(
            name=path.name, inputs=[], outputs=declared_outputs(metadata), metadata=metadata
        )
    config = root.get("model_config")
    if isinstance(config, dict) and str(root.get("model_name", "")).startswith("RFDETR"):
        return RF_DETR, _rf_detr(path, config, _mapping(root.get("args")))
    raise NetworkError(f"{path.name} {_unknown(root, network)}")


def _unknown(root: Mapping[Any, Any], network: Any) -> str:
    if isinstance(network, Instance) and network.kind.startswith(_YOLOV5):
        return (
            "is a checkpoint of the YOLOv5 or YOLOv7 repository; export it there (python export.py "
            "--weights best.pt --include onnx) and pass best.onnx"
        )
    if isinstance(network, Instance):
        return f"pickles a {network.kind}, which only its own code can build; {_ONNX}"
    if "class_embed.weight" in _mapping(network or root):
        return (
            "is of a transformer whose model_name and model_config it lacks; RF-DETR 1.8 and newer "
            f"write them into checkpoint_best_total.pth, or {_ONNX}"
        )
    return f"holds weights without the network; {_ONNX}"


def _check_names(path: Path, found: Outline) -> None:
    """Refuse what the exporter will refuse, before its package is fetched."""
    for name in sorted(found.names):
        package = name.partition(".")[0]
        if package not in _NEEDED and not name.endswith((".set", ".slice", "Namespace", ".encode")):
            raise NetworkError(
                f"{path.name} names {name}, which no network needs; nothing of it was run. Get the "
                "checkpoint from whom you trust, or have it exported to ONNX"
            )


def _ultralytics(root: Mapping[Any, Any], network: Instance) -> dict[str, str]:
    """Return the metadata that Ultralytics' export of a network has; it is never end to end."""
    state = network.attributes
    train, graph = _mapping(root.get("train_args")), _mapping(state.get("yaml"))
    layers = list(_layers(state))
    head = layers[-1] if layers else network
    kind = network.kind.rpartition(".")[2]
    facts: dict[str, Any] = {
        "task": train.get("task") or state.get("task") or _TASKS.get(kind, kind),
        "names": names_of(state.get("names")),
        "head": head.kind.rpartition(".")[2],
        "channels": graph.get("channels", 3),
        "imgsz": train.get("imgsz"),
        "kpt_shape": state.get("kpt_shape") or graph.get("kpt_shape"),
        "kpt_names": state.get("kpt_names"),
    }
    return {key: str(value) for key, value in facts.items() if value is not None}


def _layers(state: Mapping[str, Any]) -> list[Instance]:
    graph = _mapping(state.get("_modules")).get("model")
    if not isinstance(graph, Instance):
        return []
    layers = _mapping(graph.attributes.get("_modules")).values()
    return [layer for layer in layers if isinstance(layer, Instance)]


def _rf_detr(path: Path, config: Mapping[Any, Any], args: Mapping[Any, Any]) -> ModelFile:
    """Return what `rfdetr` exports: dets, labels and perhaps masks."""
    queries, classes = (_whole(config.get(key)) for key in ("num_queries", "num_classes"))
    side = _whole(config.get("resolution"))
    if config.get("use_grouppose_keypoints"):
        raise NetworkError(f"{path.name} is RF-DETR for joints, which no head reads")
    outputs = [_port("dets", 1, queries, 4), _port("labels", 1, queries, classes + 1)]
    if config.get("segmentation_head"):
        outputs.append(_port("masks", 1, queries, -1, -1))
    return ModelFile(
        name=path.name,
        inputs=[_port("input", 1, 3, side, side)],
        outputs=outputs,
        labels=names_of(args.get("class_names")),
        labelled_by="its args (class_names)",
    )


def _port(name: str, *shape: int) -> Port:
    return Port(name, shape, np.dtype(np.float32))


def _mapping(found: Any) -> Mapping[Any, Any]:
    """Return a dict, or the attributes of a namespace."""
    if isinstance(found, Instance):
        return found.attributes
    return found if isinstance(found, dict) else {}


def _whole(found: Any) -> int:
    return found if isinstance(found, int) else -1
