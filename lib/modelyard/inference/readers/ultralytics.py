"""Files of the package `ultralytics`, which states in them what they are.

Metadata of ONNX and TensorFlow Lite files, `metadata.yaml` beside an IR, and `config.txt` in a
TorchScript file: `task`, `names`, `imgsz` (height, width), `channels`, `kpt_shape`, `kpt_names`,
`end2end`, `args`. Its `engine/exporter.py` writes them, its `nn/autobackend.py` shows how to read
the outputs. Inputs are RGB 0..1: classification crops the centre, RT-DETR stretches, all others
letterbox on grey 114.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from msgspec import structs

from modelyard.inference.heads.shapes import class_map, class_scores
from modelyard.inference.readers.classes import names_in
from modelyard.inference.readers.facts import (
    DOCUMENTED,
    ModelFile,
    Port,
    Probe,
    Reading,
    ReadingError,
    image_size,
)

TASKS: Final = {
    "detect": "rectangle",
    "segment": "mask",
    "pose": "skeleton",
    "obb": "rectangle",
    "classify": "tag",
    "semantic": "mask",
}
"""CVAT's type of the labels, by Ultralytics' task."""

_METADATA: Final = "its metadata"
_FRACTIONS: Final = (".tflite", ".pb")
"""Formats in which Ultralytics leaves coordinates as fractions of the input."""
_COEFFICIENTS: Final = 32
"""Mask prototypes of all its networks."""
_MODEL_TYPE: Final = "YOLO"
"""Of Model API's configuration, as Ultralytics writes it; Model API itself has no such type."""
_RTDETR: Final = "RTDETRDecoder"
"""`head` of RT-DETR; since 8.4 its rows are box, score and class."""
_BOX: Final = 4
_FINAL: Final = 6


def is_ultralytics(metadata: Mapping[str, str]) -> bool:
    """Whether metadata are those of an export of Ultralytics."""
    return "task" in metadata and ("names" in metadata or "stride" in metadata)


def read(file: ModelFile, probe: Probe | None = None) -> Reading | None:
    """Return how to read a file of Ultralytics; None if it is another's.

    Raises:
        ReadingError: its metadata do not fit its outputs.
    """
    if not file.metadata and file.configuration.get("model_type") == _MODEL_TYPE:
        file = structs.replace(file, metadata=_implied(file))
    if not is_ultralytics(file.metadata):
        return None
    task = file.metadata["task"]
    if task not in TASKS:
        raise ReadingError(
            f"{file.name} has Ultralytics' task {task!r}; supported: {', '.join(TASKS)}"
        )
    names = names_in(file.metadata.get("names", ""))
    if names and not file.labels:
        file = structs.replace(file, labels=names, labelled_by=f"{_METADATA} (names)")
    if task == "classify":
        reading = _classification(file)
    elif task == "semantic":
        reading = _semantic(file)
    else:
        reading = _objects(file, task, len(names))
    reading.label_type = TASKS[task]
    _feed(file, reading)
    return reading


def _implied(file: ModelFile) -> dict[str, str]:
    """Return the metadata of an IR without the `metadata.yaml` that was written beside it.

    Raises:
        ReadingError: the number of its labels does not tell the task.
    """
    labels = file.configuration.get("labels", "").split()
    names = {number: name.replace("_", " ") for number, name in enumerate(labels)}
    shapes = [port.shape for port in file.outputs]
    rows = [shape for shape in shapes if len(shape) == 3]
    metadata = {"names": str(names)}
    if class_scores(file.shapes) == len(names):
        return {**metadata, "task": "classify"}
    if len(rows) == 1 and names:
        surplus = rows[0][1] - _BOX - len(names)
        prototypes = any(len(shape) == 4 for shape in shapes)
        tasks = {0: "detect", 1: "obb", _COEFFICIENTS: "segment" if prototypes else ""}
        if tasks.get(surplus):
            return {**metadata, "task": tasks[surplus]}
        if rows[0][2] == _FINAL + (_COEFFICIENTS if prototypes else 0):
            return {**metadata, "task": "segment" if prototypes else "detect"}
    raise ReadingError(
        f"{file.name} has Ultralytics' model_info, which does not tell the task of {file.listing()}"
        "; put the metadata.yaml of the export beside it"
    )


def value(metadata: Mapping[str, str], key: str) -> Any:
    """Return a metadata entry written as a Python literal or JSON; None if it is neither."""
    text = metadata.get(key, "")
    for parse in (ast.literal_eval, json.loads):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _classification(file: ModelFile) -> Reading:
    reading = Reading("classification", f"{_METADATA} (task)")
    reading.set(
        DOCUMENTED,
        activation="none",
        # It crops for a square input only.
        resize="center_crop" if _is_square(file) else "stretch",
        mean=[0.0, 0.0, 0.0],
        scale=[255.0, 255.0, 255.0],
    )
    reading.name(file, class_scores(file.shapes))
    return reading


def _is_square(file: ModelFile) -> bool:
    size = image_size(file) or input_size(file.metadata)
    if size is not None and -1 in size:
        size = input_size(file.metadata)
    return size is None or size[0] == size[1]


def _semantic(file: ModelFile) -> Reading:
    form = class_map(file.shapes)
    if form is None:
        raise ReadingError(
            f"{file.name} has task 'semantic' in its metadata, but its outputs are {file.listing()}"
        )
    reading = Reading("segmentation", f"{_METADATA} (task)")
    reading.set(DOCUMENTED, activation="softmax", resize="letterbox", mean=[0.0, 0.0, 0.0])
    reading.name(file, form[1] if form[1] > 0 else None)
    return reading


def _objects(file: ModelFile, task: str, classes: int) -> Reading:
    rows = [port.shape for port in file.outputs if len(port.shape) == 3]
    if len(rows) != 1:
        raise ReadingError(
            f"{file.name} has task {task!r} in its metadata, but its outputs are {file.listing()}"
        )
    # TensorFlow's exports keep this layout.
    _, first, last = rows[0]
    extra = _extra(file, task, classes)
    wide = _FINAL + extra
    raw = _BOX + classes + extra
    if file.metadata.get("head") == _RTDETR and last == wide:
        return _rtdetr_final(file)
    if last == wide and (_is_final(file.metadata) or first != raw):
        return _final(file, task)
    if task == "detect" and first != raw and last == raw:
        return _rtdetr(file, last - _BOX)
    if first != raw and classes:
        raise ReadingError(
            f"{file.name} names {classes} classes for task {task!r} in its metadata, which means "
            f"an output (1, {raw}, N) or (1, N, {wide}), but its outputs are {file.listing()}; "
            "export it again, or state --head and --option"
        )
    if first <= _BOX + extra:
        raise ReadingError(
            f"{file.name} has task {task!r} in its metadata, but its outputs are {file.listing()}"
        )
    reading = Reading("yolov8", f"{_METADATA} (task) and the shape of its output")
    reading.name(file, first - _BOX - extra)
    _tell(file, task, reading)
    return reading


def _extra(file: ModelFile, task: str, classes: int) -> int:
    """Return how many values of a row belong to neither box nor classes."""
    if task == "segment":
        prototypes = [port.shape for port in file.outputs if len(port.shape) == 4]
        if len(prototypes) != 1:
            raise ReadingError(
                f"{file.name} has task 'segment' in its metadata, but its outputs are "
                f"{file.listing()}, without mask prototypes"
            )
        # TensorFlow's have the channels last.
        first, last = prototypes[0][1], prototypes[0][3]
        (rows,) = (port.shape for port in file.outputs if len(port.shape) == 3)
        fitting = {rows[1] - _BOX - classes, rows[2] - _FINAL}
        return last if last in fitting and first not in fitting else first
    if task == "pose":
        joints = _kpt_shape(file)
        return joints[0] * joints[1]
    return 1 if task == "obb" else 0


def _kpt_shape(file: ModelFile) -> list[int]:
    found = value(file.metadata, "kpt_shape")
    if not isinstance(found, (list, tuple)) or len(found) != 2 or found[1] not in {2, 3}:
        raise ReadingError(
            f"{file.name} has task 'pose' in its metadata, but its kpt_shape is {found!r}"
        )
    return [int(number) for number in found]


def _is_final(metadata: Mapping[str, str]) -> bool:
    args = value(metadata, "args")
    nms = isinstance(args, dict) and bool(args.get("nms"))
    return nms or _is_end2end(metadata)


def _is_end2end(metadata: Mapping[str, str]) -> bool:
    return metadata.get("end2end", "").lower() == "true"


def _final(file: ModelFile, task: str) -> Reading:
    reading = Reading("end2end", f"{_METADATA} (task) and the shape of its output")
    reading.name(file, None)
    _tell(file, task, reading)
    reading.set(DOCUMENTED, nms="none", boxes="cxcywh" if task == "obb" else "xyxy")
    return reading


def _rtdetr_final(file: ModelFile) -> Reading:
    reading = Reading("end2end", f"{_METADATA} (head) and the shape of its output")
    reading.name(file, None)
    reading.set(
        DOCUMENTED,
        task="detect",
        boxes="cxcywh",
        box_unit="fractions",
        nms="none",
        resize="stretch",
        limit=300,
    )
    return reading


def _rtdetr(file: ModelFile, classes: int) -> Reading:
    reading = Reading("detr", f"{_METADATA} (task) and the shape of its output")
    reading.set(
        DOCUMENTED,
        activation="none",
        background="none",
        boxes="cxcywh",
        box_unit="fractions",
        nms="none",
        resize="stretch",
        mean=[0.0, 0.0, 0.0],
        limit=300,
    )
    reading.name(file, classes)
    return reading


def _tell(file: ModelFile, task: str, reading: Reading) -> None:
    """Set what the decoding of rows depends on."""
    reading.set(f"{_METADATA} (task)", task=task)
    if task == "pose":
        joints = _kpt_shape(file)
        reading.set(f"{_METADATA} (kpt_shape)", kpt_shape=joints)
        reading.joints = joint_names(file.metadata, joints[0])
    # Its end-to-end networks keep pixels in every format.
    fractions = file.suffix in _FRACTIONS and not _is_end2end(file.metadata)
    reading.set(DOCUMENTED, box_unit="fractions" if fractions else "pixels", resize="letterbox")


def joint_names(metadata: Mapping[str, str], count: int) -> tuple[str, ...]:
    """Return the names of `kpt_names`, of which each class has a list; else numbers from 0."""
    named = value(metadata, "kpt_names")
    lists = named.values() if isinstance(named, dict) else [named]
    for names in lists:
        if isinstance(names, (list, tuple)) and len(set(map(str, names))) == count:
            return tuple(str(name).strip() for name in names)
    return tuple(str(number) for number in range(count))


def _feed(file: ModelFile, reading: Reading) -> None:
    reading.set(DOCUMENTED, scale=[255.0, 255.0, 255.0])
    if value(file.metadata, "channels") == 1:
        reading.set(f"{_METADATA} (channels)", channels="gray")


def input_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the width and height in `imgsz`, which has the height first; None if it has none."""
    sides = value(metadata, "imgsz")
    if isinstance(sides, int):
        return sides, sides
    if isinstance(sides, (list, tuple)) and len(sides) == 2:
        return int(sides[1]), int(sides[0])
    return None


def declared_outputs(metadata: Mapping[str, str]) -> Sequence[Port]:
    """Return the outputs that metadata imply, for files that cannot be run; -1 is any length."""
    task, classes = metadata.get("task", ""), len(names_in(metadata.get("names", "")))
    if task == "classify":
        return [_port((1, classes))]
    if task == "semantic":
        return [_port((1, classes, -1, -1))]
    extra = {"segment": _COEFFICIENTS, "obb": 1}.get(task, 0)
    if task == "pose":
        joints = value(metadata, "kpt_shape") or (0, 0)
        extra = joints[0] * joints[1]
    if _is_final(metadata):
        rows = _port((1, -1, _FINAL + extra))
    elif metadata.get("head") == _RTDETR:
        rows = _port((1, -1, _FINAL))
    elif "rtdetr" in metadata.get("description", "").lower().replace("-", ""):
        rows = _port((1, -1, _BOX + classes))
    else:
        rows = _port((1, _BOX + classes + extra, -1))
    return [rows, _port((1, _COEFFICIENTS, -1, -1))] if task == "segment" else [rows]


def _port(shape: tuple[int, ...]) -> Port:
    return Port(f"output{len(shape) - 3 if len(shape) > 3 else 0}", shape, np.dtype(np.float32))
