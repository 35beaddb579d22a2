"""Ultralytics: networks of random weights, their exports, and what Ultralytics finds with those."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from ultralytics import RTDETR, YOLO  # pants: no-infer-dep

from exporters.record import Expected, Object
from exporters.yolo_weights import Network, built
from modelyard_tools.weights.conversion.export import main as convert

_KINDS: Final = {
    "detect": "boxes",
    "segment": "masks",
    "pose": "joints",
    "obb": "rotated",
    "classify": "tags",
}
_CONVERTERS: Final = {
    ".torchscript": "modelyard_tools.weights.conversion.torchscript",
    ".pt": "modelyard_tools.weights.checkpoints.ultralytics_export",
}
_OVERLAP: Final = 0.7
_ONNX: Final = {"format": "onnx"}
_INSIDE: Final = {"format": "onnx", "nms": True}
_END_TO_END: Final = {"format": "onnx", "nms": False}
_IR: Final = {"format": "openvino"}
_CHECKPOINT: Final = {"format": "checkpoint"}
_SQUARE: Final = (256, 256)

NETWORKS: Final = (
    Network(
        "yolo11n.yaml", "detect", 3, (_ONNX, _INSIDE, _IR, {"format": "torchscript"}, _CHECKPOINT)
    ),
    Network("yolov8n.yaml", "detect", 1, (_ONNX | {"dynamic": True},)),
    Network("yolov5nu.yaml", "detect", 2, (_ONNX,)),
    Network("yolov9t.yaml", "detect", 80, (_ONNX,)),
    Network("yolov10n.yaml", "detect", 3, (_ONNX, _END_TO_END, _CHECKPOINT)),
    Network("yolo12n.yaml", "detect", 80, (_ONNX,)),
    Network("yolo26n.yaml", "detect", 3, (_ONNX, _END_TO_END, _IR | {"nms": False}, _CHECKPOINT)),
    Network("yolo11n-seg.yaml", "segment", 3, (_ONNX, _INSIDE, _IR, _CHECKPOINT)),
    Network("yolo26n-seg.yaml", "segment", 3, (_END_TO_END,)),
    Network("yolo11n-pose.yaml", "pose", 1, (_ONNX, _INSIDE, _IR, _CHECKPOINT)),
    Network("yolov8n-pose.yaml", "pose", 3, (_ONNX,), changes={"kpt_shape": [5, 2]}),
    Network("yolo11n-obb.yaml", "obb", 3, (_ONNX, _INSIDE, _IR, _CHECKPOINT)),
    Network("yolo11n-cls.yaml", "classify", 4, (_ONNX, _IR, _CHECKPOINT), _SQUARE),
    Network("yolov8n-cls.yaml", "classify", 4, (_ONNX,)),
    Network("rtdetr-l.yaml", "detect", 3, (_ONNX, _CHECKPOINT), _SQUARE),
)


def export(network: Network, folder: Path, pictures: list[Path]) -> Iterator[str]:
    """Export the network in each form to a folder of its own; yield the folders' names."""
    model = built(network, pictures)
    for form in network.forms:
        words = [f"{key}={value}" for key, value in form.items() if key != "format"]
        name = "-".join([Path(network.config).stem, str(network.classes), form["format"], *words])
        place = folder / name
        place.mkdir(parents=True)
        shell = _shell(network, network.config)
        shell.model = model
        # Exports are written beside this file.
        model.pt_path = str(place / "best.pt")
        width, height = network.size
        if form == _CHECKPOINT:
            file = place / "best.pt"
            shell.ckpt = {"train_args": {"imgsz": [height, width], "task": network.task}}
            shell.save(file)
        else:
            file = Path(shell.export(imgsz=(height, width), verbose=False, **form))
        if module := _CONVERTERS.get(file.suffix):
            _convert(module, place)
        threshold = _threshold(network)
        if form.get("nms"):
            threshold = max(threshold, 0.26)
        files = _files(place)
        found = [
            {
                "file": f"../pictures/{picture.name}",
                "objects": _asked(network, file, picture, threshold, place),
            }
            for picture in pictures
        ]
        title = ", ".join([network.task, form["format"], *words, f"{network.classes} classes"])
        Expected(
            Path(network.config).stem,
            title,
            _KINDS[network.task],
            files,
            network.size,
            threshold,
            None if network.task == "classify" else _OVERLAP,
            found,
        ).write(place)
        yield name


def _files(place: Path) -> list[str]:
    below = [path.relative_to(place) for path in place.rglob("*") if path.is_file()]
    return sorted(str(path) for path in below if path.parts[0] != "converted")


def _convert(module: str, place: Path) -> None:
    """Convert the only file as a function's build does."""
    out = str(place / "converted")
    if convert([module, "--in", str(place), "--out", out, "--name", "best"]):
        raise RuntimeError(f"{module} failed")


def _shell(network: Network, file: str) -> Any:
    return RTDETR(file) if "rtdetr" in network.config else YOLO(file, task=network.task)


def _threshold(network: Network) -> float:
    return 0.05 if network.task == "classify" else 0.3


def _asked(
    network: Network, file: Path, picture: Path, threshold: float, place: Path
) -> list[Object]:
    peer = _shell(network, str(file))
    width, height = network.size
    (result,) = peer.predict(
        str(picture),
        imgsz=(height, width),
        conf=threshold,
        iou=_OVERLAP,
        retina_masks=True,
        # Else files with dynamic sides get a smaller letterbox than they were exported with.
        rect=False,
        verbose=False,
    )
    if network.task == "classify":
        scores = result.probs.data.tolist()
        return [
            {"label": result.names[number], "class": number, "score": score}
            for number, score in enumerate(scores)
            if score >= threshold
        ]
    rows = result.obb if network.task == "obb" else result.boxes
    objects: list[Object] = []
    for number in range(len(rows)):
        item: Object = {
            "label": result.names[int(rows.cls[number])],
            "class": int(rows.cls[number]),
            "score": float(rows.conf[number]),
            "box": rows.xyxy[number].tolist(),
        }
        if network.task == "obb":
            item["corners"] = rows.xyxyxyxy[number].tolist()
        if network.task == "pose":
            item["joints"] = result.keypoints.data[number].tolist()
        if network.task == "segment":
            item["mask"] = f"{picture.stem}-{number}.png"
            mask = result.masks.data[number].numpy() > 0.5
            Image.fromarray(mask.astype(np.uint8) * 255).save(place / item["mask"])
        objects.append(item)
    return objects
