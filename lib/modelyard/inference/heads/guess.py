"""Guesses the head of a network from its output shapes alone.

It neither runs the network nor reads a file, so tools can call it after inspecting a model.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from modelyard.inference.heads import shapes
from modelyard.inference.heads.grids import cells, retina_rows


def guess_head(
    outputs: Sequence[tuple[str, tuple[int, ...]]], size: tuple[int, int] | None = None
) -> str | None:
    """Return the name of the head that matches the outputs, or None.

    Args:
        outputs: Name and shape of each output in the network's order; -1 means any length.
        size: Width and height of its input, if known: a few oblong inputs of YOLOv5 have as
            many rows as some square ones of YOLOX.
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
        # For a free input size: most networks exported that way have three boxes per cell.
        return "yolov5"
    boxes = shapes.yolo_boxes_a_cell(count)
    if size is not None:
        boxes = next((boxes for boxes in (1, 3) if count == boxes * cells(size)), 0)
    return {1: "yolox", 3: "yolov5"}.get(boxes)


def _of_boxes(boxes: shapes.BoxOutputs, size: tuple[int, int] | None) -> str:
    if shapes.has_query_names(boxes) or shapes.is_query_count(boxes.rows):
        return "detr"
    retina = boxes.rows == retina_rows(size) if size else shapes.is_retina_count(boxes.rows)
    return "retinanet" if retina else "ssd"


def _is_final(outputs: shapes.Outputs) -> bool:
    return bool(shapes.detection_output(outputs) or shapes.final_detections(outputs))


# Shapes that are unambiguous.
_TELLING: Final[Mapping[str, Callable[[shapes.Outputs], Any]]] = {
    "classification": shapes.class_scores,
    "ssd": _is_final,
    "yolov8": shapes.columns_first,
    "segmentation": shapes.class_map,
}
