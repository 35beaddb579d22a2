"""YOLO networks whose files state nothing: shapes tell the axes, a run tells the rest.

* `[1, N, 5 + C]`: YOLOv5 and v7 with three boxes a cell, YOLOv6 and YOLOX with one;
* `[1, 4 + C, N]`: YOLOv8 and later, of which a run tells boxes from turned boxes and joints;
* `[1, N, 6]` and `[N, 7]`: final boxes of Ultralytics and of YOLOv7's `--end2end`;
* `[1, Q, 4 + C]`: Ultralytics' RT-DETR.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from modelyard.inference.heads.grids import cells
from modelyard.inference.readers.facts import (
    ASSUMED,
    DOCUMENTED,
    ModelFile,
    Port,
    Probe,
    Reading,
    ReadingError,
    image_size,
)

Rows = NDArray[np.float64]

_SHAPE: Final = "the shape of its output"
_RUN: Final = "a run"
_FEED_255: Final = {"mean": [0.0, 0.0, 0.0], "scale": [255.0, 255.0, 255.0]}
_STRIDES: Final = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (16, 32))
"""Of the networks for usual, large and small objects, and the tiny ones."""
_FRACTION: Final = 2.0
"""Boxes in fractions rarely leave the image; in pixels the last cell is further away."""
_LEVEL: Final = 0.2
"""Class scores that differ by less between all cells of all pictures are not trained."""


def read(file: ModelFile, probe: Probe) -> Reading | None:
    """Return how to read a YOLO network; None if the outputs are not those of one.

    Raises:
        ReadingError: it remains doubtful which one.
    """
    main = [port for port in file.outputs if len(port.shape) == 3]
    grids = [port for port in file.outputs if len(port.shape) == 5]
    if len(file.outputs) == 1 and _is_numbered(file.outputs[0]):
        return _yolov7_final(file)
    if len(grids) >= 2 and not main:
        raise ReadingError(
            f"{file.name} has the raw grids of YOLOv5 or YOLOv7 ({file.listing()}); export it "
            "with decoded boxes: YOLOv7's export.py with --grid, YOLOv5's without --train"
        )
    if len(main) != 1 or len(main) + len(grids) != len(file.outputs):
        return None
    size = image_size(file)
    if size is None or -1 in size:
        return None
    return _of_axes(file, main[0], size, probe)


def _of_axes(file: ModelFile, port: Port, size: tuple[int, int], probe: Probe) -> Reading | None:
    _, first, last = port.shape
    counts = {cells(size, strides) * boxes: boxes for strides in _STRIDES for boxes in (3, 1)}
    found = _values(probe, port.name)
    if last not in counts and first in counts and last >= 6:
        return _rows_first(file, found, last - 5, counts[first])
    if first not in counts and last in counts and first >= 5:
        return _columns_first(file, found.transpose(0, 2, 1), first)
    if last == 6 and _is_final(found):
        if (found[..., 4] > 0).any() and _are_fractions(found[..., :4]):
            raise _doubt(file, "boxes in fractions, perhaps as centre and size")
        return _final(file)
    if last == 7 and _is_final(found):
        raise _doubt(file, "final boxes with an angle, or something else")
    if (
        last >= 5
        and first <= 1000
        and _are_fractions(found[..., :4])
        and _are_scores(found[..., 4:])
    ):
        return _rtdetr(file, last - 4)
    return None


def _rows_first(file: ModelFile, found: Rows, classes: int, boxes: int) -> Reading:
    flat = found.reshape(-1, found.shape[-1])
    known = "YOLOv5 or YOLOv7" if boxes == 3 else "YOLOv6 or YOLOX"
    source = f"{_SHAPE}, {boxes} {'boxes' if boxes > 1 else 'box'} a cell ({known})"
    if not len(flat) or not _are_scores(flat[:, 4:]):
        raise _doubt(file, "not probabilities in the columns after the box")
    reading = Reading("yolov5", source, label_type="rectangle")
    decoded = np.abs(flat[:, :4]).max() > _SMALLEST_DECODED
    if not decoded and boxes == 3:
        raise ReadingError(
            f"{file.name} has rows of {known} whose boxes are not decoded; export it with "
            "decoded boxes: YOLOv7's export.py with --grid"
        )
    if boxes == 1:
        if not decoded:
            reading.head = "yolox"
            reading.said_by += "; a run: the boxes are not decoded"
        elif (flat[:, 4] == 1).all():
            reading.said_by += "; a run: objectness is always 1 (YOLOv6)"
        if not decoded or not (flat[:, 4] == 1).all():
            reading.set(
                f"{DOCUMENTED} (YOLOX)",
                channels="bgr",
                mean=[0.0, 0.0, 0.0],
                scale=[1.0, 1.0, 1.0],
                resize="letterbox_top_left",
            )
    if "resize" not in reading.options:
        reading.set(DOCUMENTED, resize="letterbox", **_FEED_255)
    if decoded:
        reading.set(_RUN, box_unit="pixels")
    if classes == 1 and reading.head == "yolov5" and boxes == 3:
        _untrained(flat[:, 5], reading)
    reading.name(file, classes)
    return reading


_SMALLEST_DECODED: Final = 20.0
"""Offsets within a cell and logarithms of sizes stay below; pixels of an input do not."""


def _untrained(scores: Rows, reading: Reading) -> None:
    """With one class, YOLOv7 does not train its score: objectness alone decides."""
    if np.ptp(scores) < _LEVEL:
        reading.set(
            f"{_RUN}: the score of its only class is the same everywhere", score="objectness"
        )
    else:
        reading.set(f"{_RUN}: the score of its only class varies", score="product")


def _columns_first(file: ModelFile, found: Rows, rows: int) -> Reading:
    flat = found.reshape(-1, rows)
    reading = Reading("yolov8", f"{_SHAPE}, one column a cell", label_type="rectangle")
    unit = "fractions" if _are_fractions(flat[:, :4]) else "pixels"
    if not len(flat) or not _are_scores(flat[:, 4:]):
        if rows > 5 and _are_scores(flat[:, 4:-1]) and np.abs(flat[:, -1]).max() <= np.pi:
            reading.set(f"{_RUN}: the last row is an angle", task="obb")
            rows -= 1
        else:
            raise ReadingError(
                f"{file.name} has rows {file.listing()} that are more than boxes and class "
                "probabilities, and does not say what; if they hold joints, add --head yolov8 "
                '--option task=pose --option "kpt_shape=[17, 3]"'
            )
    else:
        reading.set(f"{_RUN}: all rows after the box are probabilities", task="detect")
    reading.set(_RUN, box_unit=unit)
    reading.set(f"{ASSUMED} (as Ultralytics)", resize="letterbox", **_FEED_255)
    reading.name(file, rows - 4)
    return reading


def _final(file: ModelFile) -> Reading:
    reading = Reading(
        "end2end", f"{_SHAPE}, and a run: score and whole number last", label_type="rectangle"
    )
    reading.set(DOCUMENTED, task="detect", boxes="xyxy", box_unit="pixels", nms="none")
    reading.set(f"{ASSUMED} (as Ultralytics)", resize="letterbox", **_FEED_255)
    reading.name(file, None)
    return reading


def _yolov7_final(file: ModelFile) -> Reading:
    reading = Reading("end2end", f"{_SHAPE} (YOLOv7 --end2end)", label_type="rectangle")
    reading.set(DOCUMENTED, boxes="xyxy", box_unit="pixels", nms="none", resize="letterbox")
    reading.set(DOCUMENTED, **_FEED_255)
    reading.name(file, None)
    return reading


def _rtdetr(file: ModelFile, classes: int) -> Reading:
    reading = Reading(
        "detr", f"{_SHAPE}, and a run: everything within 0..1 (RT-DETR of Ultralytics)"
    )
    reading.label_type = "rectangle"
    reading.set(_RUN, box_unit="fractions", activation="none")
    reading.set(DOCUMENTED, boxes="cxcywh", background="none", nms="none", resize="stretch")
    reading.set(DOCUMENTED, limit=300, **_FEED_255)
    reading.name(file, classes)
    return reading


def _is_numbered(port: Port) -> bool:
    """Whether rows are image, box, class and score: `--end2end` of YOLOv7 and YOLOv6."""
    return len(port.shape) == 2 and port.shape[1] == 7


def _values(probe: Probe, name: str) -> Rows:
    """Return the output of all pictures, without rows that are not finite."""
    found: Any = np.concatenate([arrays[name] for arrays in probe()])
    return np.asarray(np.nan_to_num(found.astype(np.float64)), np.float64)


def _is_final(found: Rows) -> bool:
    """Whether rows are box, score 0..1 and class; zeros are padding."""
    score, kind = found[..., 4], found[..., 5]
    whole = np.equal(kind, np.round(kind)).all() and (kind >= 0).all()
    return bool(whole and _are_scores(score) and (np.diff(score, axis=-1) <= 1e-6).all())


def _are_fractions(values: Rows) -> bool:
    return bool(values.size) and bool(np.abs(values).max() <= _FRACTION)


def _are_scores(values: Rows) -> bool:
    return bool(((values >= 0) & (values <= 1 + 1e-3)).all())


def _doubt(file: ModelFile, seen: str) -> ReadingError:
    return ReadingError(
        f"{file.name} states nothing, and a run shows {seen} ({file.listing()}); add --head and "
        "--option, see docs/bring-your-own.md"
    )
