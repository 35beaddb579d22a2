"""Which head decodes a network, judged by the shapes of its outputs alone.

It runs nothing and reads no file, so a tool that has only just looked at a model may ask it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from modelyard.inference.heads import shapes
from modelyard.inference.heads.grids import cells, retina_rows


def guess_head(
    outputs: Sequence[tuple[str, tuple[int, ...]]], size: tuple[int, int] | None = None
) -> str | None:
    """Return the name of the head that such outputs are for, or None where none is known.

    Args:
        outputs: Name and shape of each output in the network's order; -1 is any length.
        size: Width and height of its input, where known: a few oblong inputs of YOLOv5 have as
            many places as other, square ones of YOLOX.
    """
    if rows := shapes.rows_first(outputs):
        return _of_rows(rows[0], size)
    if boxes := shapes.boxes_and_scores(outputs):
        return _of_boxes(boxes, size)
    for head, looks_like_it in _TELLING.items():
        if looks_like_it(outputs):
            return head
    return None


def _of_rows(count: int, size: tuple[int, int] | None) -> str | None:
    if count == -1:
        # With free sides; more networks of three boxes a cell are exported so.
        return "yolov5"
    boxes = shapes.yolo_boxes_a_cell(count)
    if size is not None:
        boxes = next((boxes for boxes in (1, 3) if count == boxes * cells(size)), 0)
    return {1: "yolox", 3: "yolov5"}.get(boxes)


def _of_boxes(boxes: shapes.BoxOutputs, size: tuple[int, int] | None) -> str:
    if shapes.says_queries(boxes) or shapes.is_query_count(boxes.rows):
        return "detr"
    retina = boxes.rows == retina_rows(size) if size else shapes.is_retina_count(boxes.rows)
    return "retinanet" if retina else "ssd"


def _is_final(outputs: shapes.Outputs) -> bool:
    return bool(shapes.detection_output(outputs) or shapes.final_detections(outputs))


# Shapes that say enough by themselves.
_TELLING: Final[Mapping[str, Callable[[shapes.Outputs], Any]]] = {
    "classification": shapes.class_scores,
    "ssd": _is_final,
    "yolov8": shapes.columns_first,
    "segmentation": shapes.class_map,
}
