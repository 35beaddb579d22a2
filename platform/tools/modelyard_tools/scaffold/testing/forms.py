"""Forms in which networks are exported, each planted in a file with objects at known places."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from modelyard_tools.scaffold.testing import planted
from modelyard_tools.scaffold.testing.networks import Shape
from modelyard_tools.scaffold.testing.planted import Object, Outputs, Size

SIZE: Final[Size] = (192, 128)
"""Width and height of the input: oblong, so that swapped axes show."""
NAMES: Final = ("cat", "big dog", "bird")


class Form(NamedTuple):
    """A form of export.

    Attributes:
        family: Of networks, as in docs/bring-your-own.md.
        form: Which of its forms.
        head: The head that reads it.
        plant: The outputs for objects in an input of a size.
        read_from: What tells, in a few words for the table.
        metadata: Texts in the file.
        resize: How the picture is fitted to the input.
        kind: CVAT's type of the shapes.
        first: The label id of the first class.
        named: Whether the file names its classes; else the author does, with --labels.
        image: Shape of the image input.
        dtype: Of the image.
        more: Other inputs.
        producer: The program that wrote the file.
        rotated: Whether boxes have an angle.
        classes: The number of classes.
        peer: The package whose exports of this form were compared with its own predictions.
    """

    family: str
    form: str
    head: str
    plant: Callable[[Sequence[Object], Size], Outputs]
    read_from: str
    metadata: Mapping[str, str] = {}
    resize: str = "letterbox"
    kind: str = "rectangle"
    first: int = 0
    named: bool = False
    image: Shape = (1, 3, SIZE[1], SIZE[0])
    dtype: DTypeLike = np.float32
    more: Mapping[str, tuple[Shape, DTypeLike]] = {}
    producer: str = "pytorch"
    rotated: bool = False
    classes: int = 3
    peer: str = ""

    @property
    def id(self) -> str:
        """Name of the test."""
        return f"{self.family}, {self.form}"


def _metadata(task: str, classes: int = 3, **more: Any) -> dict[str, str]:
    """Return metadata as Ultralytics writes them; height before width."""
    names = {number: name_of(number) for number in range(classes)}
    values = {"task": task, "names": names, "imgsz": [SIZE[1], SIZE[0]], "stride": 32, "batch": 1}
    return {key: str(value) for key, value in {**values, **more}.items()}


def name_of(number: int) -> str:
    """Return the name of a class."""
    return NAMES[number] if number < len(NAMES) else f"class {number}"


def _rows(count: int, task: str = "detect", depth: int = 3) -> Callable[..., Outputs]:
    return lambda objects, size: planted.ultralytics(objects, size, count, task, depth)


def _final(task: str = "detect", depth: int = 3) -> Callable[..., Outputs]:
    return lambda objects, size: planted.end2end(objects, size, task, depth)


def _gray(objects: Sequence[Object], size: Size) -> Outputs:
    return planted.ultralytics(objects, size, 3)


def _rtdetr(objects: Sequence[Object], size: Size) -> Outputs:
    logits, boxes = planted.queries(objects, size, 3, softmax=False)
    probabilities = 1 / (1 + np.exp(-logits))
    joined = np.concatenate((boxes, probabilities), axis=2)
    return {"output0": np.repeat(joined, 3, axis=1)[:, ::3].astype(np.float32)}


def _rtdetr_rows(objects: Sequence[Object], size: Size) -> Outputs:
    """Centre and size in fractions, score, class; the rest has low scores."""
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :, :5] = 0.5, 0.5, 0.1, 0.1, 0.01
    for number, item in enumerate(objects):
        fractions = np.array(item.center) / (*size, *size)
        rows[0, number] = *fractions, item.score, item.kind
    return {"output0": rows}


_U: Final = "Ultralytics"
_PEER: Final = "ultralytics 8.4.190"
_META: Final = "metadata"
_KPT: Final[Mapping[str, Any]] = {
    "kpt_shape": [3, 3],
    "kpt_names": {0: ["nose", "left ear", "tail"]},
}

ULTRALYTICS: Final = (
    Form(_U, "detect", "yolov8", _rows(3), _META, _metadata("detect"), peer=_PEER),
    Form(
        _U,
        "detect, one class",
        "yolov8",
        _rows(1),
        _META,
        _metadata("detect", 1),
        classes=1,
        peer=_PEER,
    ),
    Form(
        _U,
        "detect, more rows than a quarter of the columns",
        "yolov8",
        _rows(400),
        _META,
        _metadata("detect", 400),
        classes=400,
    ),
    Form(
        _U,
        "detect, sides left open",
        "yolov8",
        _rows(3),
        _META,
        _metadata("detect"),
        image=(1, 3, "height", "width"),
        peer=_PEER,
    ),
    Form(
        _U,
        "detect, one channel",
        "yolov8",
        _rows(3),
        _META,
        _metadata("detect", channels=1),
        image=(1, 1, SIZE[1], SIZE[0]),
    ),
    Form(_U, "detect, float16", "yolov8", _rows(3), _META, _metadata("detect"), dtype=np.float16),
    Form(
        _U, "end to end", "end2end", _final(), _META, _metadata("detect", end2end=True), peer=_PEER
    ),
    Form(
        _U,
        "nms=True",
        "end2end",
        _final(),
        _META,
        _metadata("detect", args={"nms": True}),
        peer=_PEER,
    ),
    Form(
        _U,
        "segment",
        "yolov8",
        _rows(3, "segment"),
        _META,
        _metadata("segment"),
        kind="mask",
        peer=_PEER,
    ),
    Form(
        _U,
        "segment, end to end",
        "end2end",
        _final("segment"),
        _META,
        _metadata("segment", end2end=True),
        kind="mask",
        peer=_PEER,
    ),
    Form(
        _U,
        "pose",
        "yolov8",
        _rows(3, "pose"),
        _META,
        _metadata("pose", **_KPT),
        kind="skeleton",
        peer=_PEER,
    ),
    Form(
        _U,
        "pose, joints without visibility",
        "yolov8",
        _rows(3, "pose", 2),
        _META,
        _metadata("pose", kpt_shape=[3, 2]),
        kind="skeleton",
        peer=_PEER,
    ),
    Form(
        _U,
        "pose, end to end",
        "end2end",
        _final("pose"),
        _META,
        _metadata("pose", **_KPT),
        kind="skeleton",
    ),
    Form(_U, "obb", "yolov8", _rows(3, "obb"), _META, _metadata("obb"), rotated=True, peer=_PEER),
    Form(
        _U,
        "obb, end to end",
        "end2end",
        _final("obb"),
        _META,
        _metadata("obb", end2end=True),
        rotated=True,
    ),
    Form(
        _U,
        "RT-DETR, since 8.4",
        "end2end",
        _rtdetr_rows,
        _META,
        _metadata("detect", head="RTDETRDecoder", end2end=False),
        resize="stretch",
        peer=_PEER,
    ),
    Form(_U, "RT-DETR, before", "detr", _rtdetr, _META, _metadata("detect"), resize="stretch"),
    Form(_U, "detect, metadata removed", "yolov8", _rows(3), "shape, a run"),
    Form(_U, "obb, metadata removed", "yolov8", _rows(3, "obb"), "shape, a run", rotated=True),
    Form(_U, "end to end, metadata removed", "end2end", _final(), "shape, a run"),
    Form(_U, "RT-DETR, metadata removed", "detr", _rtdetr, "shape, a run", resize="stretch"),
)


def _anchored(count: int = 3, boxes: int = 3, only: str = "") -> Callable[..., Outputs]:
    return lambda objects, size: planted.anchored(objects, size, count, boxes, only)


def _with_grids(objects: Sequence[Object], size: Size) -> Outputs:
    grids = {
        f"grid_{s}": np.zeros((1, 3, size[1] // s, size[0] // s, 8), np.float32)
        for s in (8, 16, 32)
    }
    return {**planted.anchored(objects, size, 3), **grids}


def _yolox(*, decoded: bool) -> Callable[..., Outputs]:
    return lambda objects, size: planted.yolox(objects, size, 3, decoded=decoded)


_A: Final = "YOLOv5, v6, v7, YOLOX of their authors"
_NAMED: Final = {"names": str(list(NAMES)), "stride": "32"}

AUTHORS: Final = (
    Form(_A, "v5, v7: three boxes a cell", "yolov5", _anchored(), "shape, a run", _NAMED),
    Form(_A, "v5: with the raw grids", "yolov5", _with_grids, "shape, a run"),
    Form(
        _A,
        "v7: one class, its score untrained",
        "yolov5",
        _anchored(1, only="objectness"),
        "shape, a run",
        classes=1,
    ),
    Form(_A, "v5: one class", "yolov5", _anchored(1), "shape, a run", classes=1),
    Form(_A, "v6: objectness 1", "yolov5", _anchored(3, 1, "class"), "shape, a run"),
    Form(
        _A,
        "v7 --end2end",
        "end2end",
        lambda objects, size: planted.yolov7_final(objects),
        "shape",
    ),
    Form(
        _A,
        "YOLOX",
        "yolox",
        _yolox(decoded=False),
        "shape, a run",
        resize="letterbox_top_left",
    ),
    Form(
        _A,
        "YOLOX, decoded in the file",
        "yolov5",
        _yolox(decoded=True),
        "shape, a run",
        resize="letterbox_top_left",
    ),
)


def _dets_and_labels(objects: Sequence[Object], size: Size) -> Outputs:
    logits, boxes = planted.queries(objects, size, 3, softmax=False, unused=1)
    return {"dets": boxes, "labels": logits}


def _labels_first(objects: Sequence[Object], size: Size) -> Outputs:
    return dict(reversed(_dets_and_labels(objects, size).items()))


def _rf_masks(objects: Sequence[Object], size: Size) -> Outputs:
    masks = np.full((1, 100, size[1] // 4, size[0] // 4), -5, np.float32)
    x = (np.arange(size[0] // 4) + 0.5) * 4
    y = (np.arange(size[1] // 4) + 0.5) * 4
    for number, item in enumerate(objects):
        left, top, _, bottom = item.box
        inside = (x > left) & (x < item.center[0])
        masks[0, 7 * number + 3] = np.where(inside & ((y > top) & (y < bottom))[:, None], 5, -5)
    return {**_dets_and_labels(objects, size), "masks": masks}


def _sized(objects: Sequence[Object], size: Size) -> Outputs:
    boxes, scores, kinds = planted.listed(objects)
    return {"labels": kinds.astype(np.int64)[None], "boxes": boxes[None], "scores": scores[None]}


def _pred(*, softmax: bool) -> Callable[..., Outputs]:
    def plant(objects: Sequence[Object], size: Size) -> Outputs:
        logits, boxes = planted.queries(objects, size, 3, softmax=softmax)
        return {"logits": logits, "pred_boxes": boxes}

    return plant


_T: Final = "Detection transformers"
_STATED: Final = "names of outputs"
_RF_DETR: Final = "rfdetr 1.11.2"

TRANSFORMERS: Final = (
    Form(_T, "RF-DETR", "detr", _dets_and_labels, _STATED, resize="stretch", peer=_RF_DETR),
    Form(_T, "RF-DETR, labels first", "detr", _labels_first, _STATED, resize="stretch"),
    Form(
        _T,
        "RF-DETR, masks",
        "detr",
        _rf_masks,
        _STATED,
        resize="stretch",
        kind="mask",
        peer=_RF_DETR,
    ),
    Form(
        _T,
        "RT-DETR, RT-DETRv2, D-FINE, DEIM of their authors",
        "end2end",
        _sized,
        "names of inputs and outputs",
        resize="stretch",
        more={"orig_target_sizes": ((1, 2), np.int64)},
    ),
    Form(
        _T,
        "DETR of transformers: softmax, background",
        "detr",
        _pred(softmax=True),
        "names of outputs, a run",
        resize="stretch",
    ),
    Form(
        _T,
        "Deformable DETR, RT-DETR, D-FINE of transformers: sigmoid",
        "detr",
        _pred(softmax=False),
        "names of outputs, a run",
        resize="stretch",
    ),
)

Arrays = NDArray[Any]
