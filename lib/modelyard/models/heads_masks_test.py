"""Masks of functions without code, from networks whose outputs are known."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import Mask
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.pictures import plain, whole
from modelyard.models.testing.heads import SIZE, SIZES, detector, in_input, lying

NAMES = ["cat", "dog", "bird"]

# Box, class and score; then the half of the image whose pixels belong to the object: x or y, where
# it starts, and whether it is the half beyond. All as fractions of the image.
OBJECTS: list[tuple[tuple[float, ...], int, float, tuple[int, float, int]]] = [
    ((0.40, 0.42, 0.60, 0.62), 1, 0.95, (0, 0.5, 1)),
    ((0.05, 0.31, 0.32, 0.50), 0, 0.90, (0, 0.2, -1)),
    ((0.68, 0.32, 0.97, 0.51), 0, 0.85, (1, 0.4, 1)),
    ((0.33, 0.05, 0.52, 0.21), 2, 0.80, (1, 0.15, -1)),
    ((0.34, 0.77, 0.53, 0.92), 2, 0.75, (0, 0.0, 1)),
]


def outputs(size: tuple[int, int], form: str, unit: str) -> dict[str, Any]:
    """Rows with coefficients, and prototypes of which the first is 1, the others x and y."""
    left, top, wide, high = lying(size, "letterbox")
    rows = np.zeros((252, 10), np.float32)
    scale = (*SIZE, *SIZE) if unit == "fractions" else (1, 1, 1, 1)
    for number, (box, kind, score, (axis, start, sign)) in enumerate(OBJECTS):
        (x0, y0), (x1, y1) = (in_input(box[i : i + 2], size, "letterbox") for i in (0, 2))
        row = rows[7 * number]
        if form == "end2end":
            row[:6] = x0, y0, x1, y1, score, kind
        else:
            row[:4] = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
            row[4 + kind] = score
        row[:4] /= scale
        # sign * (x / wide - left / wide - start), likewise for y.
        length, offset = ((wide, left), (high, top))[axis]
        row[7:] = -sign * (offset / length + start), 0, 0
        row[8 + axis] = sign / length
    y, x = np.mgrid[2:96:4, 2:128:4].astype(np.float32)
    maps = np.stack((np.ones_like(x), x, y))[None]
    if form == "end2end":
        return {"output0": np.delete(rows, 6, axis=1)[None], "output1": maps}
    if form == "channels last":
        maps = np.ascontiguousarray(maps.transpose(0, 2, 3, 1))
    found = {"output0": np.ascontiguousarray(rows.T)[None], "output1": maps}
    return dict(reversed(found.items())) if form == "prototypes first" else found


def expected(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Columns and rows of the pixels whose centre is in the box and in the half."""
    found = []
    for box, _, _, (axis, start, sign) in OBJECTS:
        edges = list(box)
        if sign > 0:
            edges[axis] = max(edges[axis], start)
        else:
            edges[axis + 2] = min(edges[axis + 2], start)
        x0, y0, x1, y1 = (
            math.ceil(edge * length - 0.5)
            for edge, length in zip(edges, (*size, *size), strict=True)
        )
        found.append((x0, y0, x1, y1))
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("form", "unit"),
    [
        ("rows first", "pixels"),
        ("prototypes first", "pixels"),
        ("channels last", "fractions"),
        ("end2end", "pixels"),
    ],
)
def test_a_mask_is_its_prototypes_cut_to_the_box(
    tmp_path: Path, form: str, unit: str, size: tuple[int, int]
) -> None:
    head = "end2end" if form == "end2end" else "yolov8"
    model = detector(
        tmp_path, head, outputs(size, form, unit), labels=NAMES, task="segment", box_unit=unit
    )
    found = model.detect(plain(size), 0.5)
    assert [(shape.label, round(shape.confidence or 0, 3)) for shape in found] == [
        (NAMES[kind], score) for _, kind, score, _ in OBJECTS
    ]
    for shape, (x0, y0, x1, y1) in zip(found, expected(size), strict=True):
        assert isinstance(shape, Mask)
        height, width = shape.bitmap.shape
        # Rounding decides about a centre on the edge.
        edges = (shape.left, shape.top, shape.left + width, shape.top + height)
        np.testing.assert_allclose(edges, (x0, y0, x1, y1), atol=1)
        full = np.zeros(size[::-1], bool)
        full[y0:y1, x0:x1] = True
        both = whole(shape, size) & full
        assert shape.bitmap.all()
        assert both.sum() >= 0.9 * full.sum()
        outline = np.reshape(shape.polygon or (), (-1, 2))
        assert [*outline.min(axis=0), *outline.max(axis=0)] == list(edges)


@pytest.mark.parametrize("size", SIZES)
def test_masks_of_queries_cover_the_whole_input(tmp_path: Path, size: tuple[int, int]) -> None:
    """As RF-DETR's: logits at a quarter of the input, not cut to the box."""
    logits = np.full((1, 6, 4), -9, np.float32)
    boxes = np.full((1, 6, 4), 0.5, np.float32)
    masks = np.full((1, 6, 24, 32), -4, np.float32)
    for number, (box, kind, score, _) in enumerate(OBJECTS):
        x0, y0, x1, y1 = box
        boxes[0, number] = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        logits[0, number, kind] = math.log(score / (1 - score))
        masks[0, number, 4 * number : 4 * number + 3, 8:20] = 4
    named = {"masks": masks, "labels": logits, "dets": boxes}
    model = detector(tmp_path, "detr", named, labels=NAMES, task="segment", activation="sigmoid")
    found = model.detect(plain(size), 0.5)
    assert [(s.label, round(s.confidence or 0, 3)) for s in found] == [
        (NAMES[kind], score) for _, kind, score, _ in OBJECTS
    ]
    for number, shape in enumerate(found):
        assert isinstance(shape, Mask)
        # 4 and -4 cross 0 in the middle between the centres of cells: at the cell's edge.
        height, width = shape.bitmap.shape
        edges = (shape.left, shape.top, shape.left + width, shape.top + height)
        cells = (8 / 32, number * 4 / 24, 20 / 32, (number * 4 + 3) / 24)
        np.testing.assert_allclose(edges, np.array(cells) * (*size, *size), atol=1)


def separate(size: tuple[int, int], masks: Any, scores: str) -> dict[str, Any]:
    rows = [
        (*in_input(box[:2], size, "letterbox"), *in_input(box[2:], size, "letterbox"), score)
        for box, _, score, _ in OBJECTS
    ]
    dets = np.array(rows, np.float32)
    kinds = np.array([kind for _, kind, _, _ in OBJECTS])
    if scores == "joined":
        return {"dets": dets[None], "labels": kinds[None], "masks": masks[None]}
    return {"boxes": dets[:, :4], "labels": kinds, "scores": dets[:, 4], "masks": masks[:, None]}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scores", ["joined", "apart"])
@pytest.mark.parametrize("cover", ["box", "input"])
def test_masks_of_final_rows(
    tmp_path: Path, cover: str, scores: str, size: tuple[int, int]
) -> None:
    """As MMDeploy's and torchvision's: over each box, or over the whole input."""
    masks = np.zeros((5, 28, 28) if cover == "box" else (5, 96, 128), np.float32)
    for number, (box, _, _, _) in enumerate(OBJECTS):
        if cover == "box":
            masks[number, :, :14] = 1
            continue
        x0, y0 = in_input(box[:2], size, "letterbox")
        x1, y1 = in_input(((box[0] + box[2]) / 2, box[3]), size, "letterbox")
        masks[number, round(y0) : max(round(y1), round(y0) + 1), round(x0) : round(x1)] = 1
    planted = separate(size, masks, scores)
    model = detector(tmp_path, "end2end", planted, labels=NAMES, task="segment")
    found = model.detect(plain(size), 0.5)
    assert [shape.label for shape in found] == [NAMES[kind] for _, kind, _, _ in OBJECTS]
    # The left half of each box, to within half a pixel of the input, or one of the image.
    _, _, wide, high = lying(size, "letterbox")
    near = 1 if cover == "box" else 1 + max(size[0] / wide, size[1] / high)
    for shape, (box, _, _, _) in zip(found, OBJECTS, strict=True):
        assert isinstance(shape, Mask)
        height, width = shape.bitmap.shape
        edges = (shape.left, shape.top, shape.left + width, shape.top + height)
        half = (box[0], box[1], (box[0] + box[2]) / 2, box[3])
        np.testing.assert_allclose(edges, np.array(half) * (*size, *size), atol=near)


@pytest.mark.parametrize(
    ("head", "named", "message"),
    [
        ("yolov8", {"output0": (1, 10, 252)}, 'task "segment" needs prototypes'),
        ("end2end", {"output0": (1, 9, 6)}, 'task "segment" needs prototypes'),
        (
            "end2end",
            {"o": (1, 9, 6), "p": (1, 3, 24, 32)},
            "has 6 values a box, but task 'segment'",
        ),
        ("yolov8", {"o": (1, 7, 252), "p": (1, 3, 24, 32)}, "at least one class, and 3 more"),
        ("detr", {"logits": (1, 9, 4), "pred_boxes": (1, 9, 4)}, 'task "segment" needs masks'),
    ],
)
def test_what_has_no_masks_is_refused(
    tmp_path: Path, head: str, named: dict[str, tuple[int, ...]], message: str
) -> None:
    planted = {name: np.zeros(shape, np.float32) for name, shape in named.items()}
    with pytest.raises(HeadError, match=message) as error:
        detector(tmp_path, head, planted, labels=NAMES, task="segment")
    assert "\n" not in str(error.value)
