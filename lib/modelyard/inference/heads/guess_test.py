"""Shapes as common exporters write them."""

import pytest

from modelyard.inference.heads.guess import guess_head

Named = list[tuple[str, tuple[int, ...]]]

KNOWN: list[tuple[str, Named]] = [
    ("yolov8", [("output0", (1, 84, 8400))]),
    ("yolov8", [("output0", (1, 5, 8400))]),
    ("yolov8", [("output0", (1, 5, 3549))]),
    ("yolov8", [("output0", (-1, 84, -1))]),
    ("yolov8", [("output0", (1, 369, 8400))]),
    ("yolov5", [("output0", (1, 25200, 85))]),
    ("yolov5", [("output0", (1, 25200, 6))]),
    ("yolov5", [("output0", (1, 15120, 85))]),
    ("yolov5", [("output", (-1, -1, 85))]),
    ("yolox", [("output", (1, 8400, 85))]),
    ("yolox", [("output", (1, 3549, 85))]),
    ("yolox", [("output", (1, 3549, 6))]),
    ("ssd", [("boxes", (1, 1917, 1, 4)), ("scores", (1, 1917, 90))]),
    ("ssd", [("scores", (1, 8732, 81)), ("boxes", (1, 8732, 4))]),
    ("ssd", [("boxes", (1, -1, 4)), ("scores", (1, -1, 4))]),
    ("ssd", [("detection_out", (1, 1, 200, 7))]),
    ("ssd", [("a", (1, 10, 4)), ("b", (1, 10)), ("c", (1, 10)), ("d", (1,))]),
    ("ssd", [("a", (1, 1, 4)), ("b", (1, 1)), ("c", (1, 1)), ("d", (1,))]),
    ("ssd", [("a", (-1, 100, 4)), ("b", (-1, 100)), ("c", (-1, 100)), ("d", (-1,))]),
    ("ssd", [("boxes", (-1, 4)), ("scores", (-1,)), ("labels", (-1,))]),
    ("detr", [("logits", (1, 100, 92)), ("pred_boxes", (1, 100, 4))]),
    ("detr", [("pred_boxes", (-1, 300, 4)), ("logits", (-1, 300, 80))]),
    ("retinanet", [("scores", (1, 49104, 90)), ("deltas", (1, 49104, 4))]),
    ("retinanet", [("cls_logits", (1, 49104, 90)), ("bbox_pred", (1, 49104, 4))]),
    ("detr", [("logits", (1, -1, 92)), ("pred_boxes", (1, -1, 4))]),
    ("retinanet", [("deltas", (1, 76725, 4)), ("scores", (1, 76725, 1))]),
    ("segmentation", [("out", (1, 21, 520, 520))]),
    ("segmentation", [("out", (1, 150, 128, 128))]),
    ("segmentation", [("out", (1, 128, 128, 150))]),
    ("segmentation", [("out", (1, 512, 1024, 19))]),
    ("segmentation", [("mask", (1, 1, 320, 320))]),
    ("segmentation", [("mask", (1, 320, 480))]),
    ("segmentation", [("out", (1, 2, -1, -1))]),
    ("classification", [("probabilities", (1, 1000))]),
    ("classification", [("logits", (-1, 2))]),
    ("classification", [("Identity", (1, 7, 1, 1))]),
]

UNKNOWN: list[Named] = [
    [],
    [("embedding", (512,))],
    [("raw", (1, 8401, 85))],
    [("raw", (1, 255, 13, 13)), ("raw2", (1, 255, 26, 26))],
    [("end_to_end", (1, 300, 6)), ("more", (1,))],
    [("boxes", (1, 10, 4)), ("scores", (1, 11, 3))],
    [("boxes", (1, 10, 4)), ("scores", (1, 10)), ("depths", (1, 11))],
]


@pytest.mark.parametrize(("head", "outputs"), KNOWN)
def test_known_shapes(head: str, outputs: Named) -> None:
    assert guess_head(outputs) == head


def test_the_size_of_the_input_decides_between_grids_that_give_as_many_rows() -> None:
    outputs = [("output", (1, 18900, 85))]
    assert guess_head(outputs) == "yolox"
    assert guess_head(outputs, (960, 960)) == "yolox"
    assert guess_head(outputs, (640, 480)) == "yolov5"
    assert guess_head(outputs, (320, 320)) is None


@pytest.mark.parametrize("outputs", UNKNOWN)
def test_what_none_of_the_heads_reads(outputs: Named) -> None:
    assert guess_head(outputs) is None
