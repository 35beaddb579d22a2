"""Detectors: COCO's average precision, by COCO's own program.

Lin et al., Microsoft COCO: Common Objects in Context, 2014. Labels are paired by name; labels that
only one side has are left out and reported.
"""

import contextlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from pycocotools.mask import area

from modelyard.annotation import (
    Attribute,
    Cuboid,
    Ellipse,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Skeleton,
    Tag,
    bounding_box,
)
from modelyard_contract.function_types import DETECTOR
from modelyard_tools.experiments.agreement import Size, is_outlined, run_lengths
from modelyard_tools.experiments.asking import require_type, see
from modelyard_tools.experiments.conversion import CROWD
from modelyard_tools.experiments.datasets import Annotated, Truth
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.progress import print_table, with_progress

Placed = Cuboid | Ellipse | Mask | Points | Polygon | Polyline | Rectangle | Skeleton
"""Every shape except tags, which have no position."""

# COCO counts the best hundred of a picture, whatever their scores.
_LEAST_SCORE: Final = 0.01


class Precision(msgspec.Struct, frozen=True):
    """Average precision, 0..1.

    Attributes:
        by: "boxes" or "masks": the kind of shape whose overlap was measured.
        mean: Over labels and over IoU from 0.50 to 0.95 (COCO's AP).
        at_50: Over labels, at an IoU of 0.50.
        at_75: The same at 0.75.
        labels: AP of each label.
        objects: Number of annotated objects of each label.
        unknown: Labels of the dataset that the function does not declare.
    """

    by: str
    mean: float
    at_50: float
    at_75: float
    labels: dict[str, float]
    objects: dict[str, int]
    unknown: tuple[str, ...]


def evaluate_detector(function: Function, truth: Truth) -> Precision:
    """Call the function with every picture of the dataset and score the answers.

    Raises:
        ExperimentError: there is no common label or no object, or a picture or answer is wrong.
    """
    require_type(function, DETECTOR)
    found = [
        see(function, annotated.picture(), _LEAST_SCORE).found
        for annotated in with_progress(truth.pictures, function.name)
    ]
    # If the function does not list its labels, those that it never reports count as missed.
    known = truth.labels if function.labels is None else function.labels.names
    return average_precision(truth, found, known)


def average_precision(truth: Truth, found: Sequence[Annotated], known: Sequence[str]) -> Precision:
    """Score what was found on each picture of `truth`, in its order.

    `known` are the labels that the detector can report.

    Raises:
        ExperimentError: there is nothing to score.
    """
    ids = _common(truth.labels, known)
    annotated = [_relevant(picture, ids) for picture in truth.pictures]
    detected = [_relevant(picture, ids) for picture in found]
    counts = Counter(
        _plain(shape.label) for shapes in annotated for shape in shapes if not _is_crowd(shape)
    )
    if not counts:
        raise ExperimentError("the dataset has no objects with labels that the function knows")
    sizes = [picture.size for picture in found]
    masks = all(is_outlined(shape) for shapes in (*annotated, *detected) for shape in shapes)
    by_label = _precisions(
        _coco(annotated, sizes, ids, masks=masks),
        _coco(detected, sizes, ids, masks=masks),
        "segm" if masks else "bbox",
    )
    scored = {
        label: by_label[ids[_plain(label)] - 1] for label in truth.labels if counts[_plain(label)]
    }
    return Precision(
        by="masks" if masks else "boxes",
        mean=float(np.mean([curve.mean() for curve in scored.values()])),
        at_50=float(np.mean([curve[0].mean() for curve in scored.values()])),
        at_75=float(np.mean([curve[5].mean() for curve in scored.values()])),
        labels={label: float(curve.mean()) for label, curve in scored.items()},
        objects={label: counts[_plain(label)] for label in scored},
        unknown=tuple(label for label in truth.labels if _plain(label) not in ids),
    )


def print_precision(precision: Precision) -> None:
    """Print the scores and what was left out."""
    rows: list[list[object]] = [
        [label, precision.objects[label], score] for label, score in precision.labels.items()
    ]
    print_table(["label", "objects", f"AP of {precision.by}"], rows)
    print(
        f"mAP {precision.mean:.3f} (IoU 0.50 to 0.95), "
        f"{precision.at_50:.3f} at 0.50, {precision.at_75:.3f} at 0.75"
    )
    if precision.unknown:
        print(f"left out, since the function does not know them: {', '.join(precision.unknown)}")


def _common(labels: Sequence[str], known: Sequence[str]) -> dict[str, int]:
    """Return category numbers, from 1, by normalised name of the labels that both sides know."""
    reported = {_plain(label) for label in known}
    plain = [_plain(label) for label in labels if _plain(label) in reported]
    return {label: number for number, label in enumerate(dict.fromkeys(plain), start=1)}


def _plain(label: str) -> str:
    """Return the label in a normalised spelling, without case and separators."""
    return label.replace("_", " ").strip().lower()


def _relevant(picture: Annotated, ids: Mapping[str, int]) -> list[Placed]:
    return [
        shape
        for shape in picture.shapes
        if _plain(shape.label) in ids and not isinstance(shape, Tag)
    ]


def _is_crowd(shape: Placed) -> bool:
    """Whether it marks a crowd, whose objects count as neither found nor missed."""
    return Attribute(CROWD, "true") in shape.attributes


def _coco(
    pictures: Sequence[Sequence[Placed]],
    sizes: Sequence[Size],
    ids: Mapping[str, int],
    *,
    masks: bool,
) -> COCO:
    """Return the shapes of each picture in the form that COCO's program expects."""
    records = [
        _record(shape, size, ids, masks=masks) | {"image_id": number}
        for number, (shapes, size) in enumerate(zip(pictures, sizes, strict=True), start=1)
        for shape in shapes
    ]
    dataset = COCO()
    dataset.dataset = {
        "images": [
            {"id": number, "width": width, "height": height}
            for number, (width, height) in enumerate(sizes, start=1)
        ],
        # Its program takes the id 0 for "no object".
        "annotations": [record | {"id": number} for number, record in enumerate(records, start=1)],
        "categories": [{"id": number, "name": label} for label, number in ids.items()],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        dataset.createIndex()
    return dataset


def _record(shape: Placed, size: Size, ids: Mapping[str, int], *, masks: bool) -> dict[str, Any]:
    left, top, right, bottom = bounding_box(shape)
    record: dict[str, Any] = {
        "category_id": ids[_plain(shape.label)],
        "bbox": [left, top, right - left, bottom - top],
        "area": (right - left) * (bottom - top),
        "iscrowd": int(_is_crowd(shape)),
        # A detector without scores counts as certain.
        "score": 1.0 if shape.confidence is None else shape.confidence,
    }
    if masks:
        record["segmentation"] = run_lengths(shape, size)
        record["area"] = float(area(record["segmentation"]))
    return record


def _precisions(annotated: COCO, detected: COCO, by: str) -> list[NDArray[np.float64]]:
    """Return each category's precision [10, 101] by IoU and recall; -1 without objects."""
    evaluation = COCOeval(annotated, detected, by)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
    # By IoU, recall, category, size of the objects (0: all) and detections (-1: a hundred).
    precision = evaluation.eval["precision"]
    return [precision[:, :, category, 0, -1] for category in range(precision.shape[2])]
