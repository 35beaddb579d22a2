"""`predict`: draw and write what a detector finds on many pictures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard.annotation import encode_detections
from modelyard.imaging import Image, draw, save_png
from modelyard_contract.function_types import DETECTOR
from modelyard_tools.experiments.asking import require_type, see
from modelyard_tools.experiments.datasets import Annotated
from modelyard_tools.experiments.errors import UsageError
from modelyard_tools.experiments.export import FORMATS as DATASETS
from modelyard_tools.experiments.export import write_dataset
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.pictures import Pictures
from modelyard_tools.experiments.progress import print_table, with_progress

FORMATS: Final = ("pictures", "json", *DATASETS)


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a prediction.

    `thresholds` are minimum scores, 0..1: the lowest is sent, and the table has a column for each.
    `out` is the folder to write to, in each of `formats`.
    """

    function: Function
    pictures: Pictures
    thresholds: Sequence[float]
    out: Path | None = None
    formats: Sequence[str] = ()


def predict(prediction: Prediction) -> None:
    """Call the detector with every picture, write the answers and print the object counts.

    Raises:
        ExperimentError: a picture, an answer or the folder is wrong.
    """
    function, lowest = prediction.function, min(prediction.thresholds)
    require_type(function, DETECTOR)
    found = []
    for picture in with_progress(prediction.pictures, function.name):
        seen = see(function, picture, lowest)
        found.append(seen.found)
        if prediction.out and "pictures" in prediction.formats:
            drawing = draw(seen.image, seen.found.shapes, function.labels)
            save_drawing(drawing, prediction.out, picture.name)
    if prediction.out:
        _write(prediction, prediction.out, found)
    _print_counts(found, prediction.thresholds)


def save_drawing(image: Image, out: Path, name: str) -> None:
    """Write the drawing of the picture `name` into the folder `pictures` of `out`.

    Raises:
        UsageError: it cannot be written.
    """
    # The suffix is kept, so that a.jpg and a.png do not overwrite each other.
    path = out / "pictures" / f"{name}.png"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_png(image, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _write(prediction: Prediction, out: Path, found: Sequence[Annotated]) -> None:
    labels = _labels(prediction.function, found)
    for format in prediction.formats:
        if format == "json":
            _write_json(found, out / "answers.json")
        elif format in DATASETS:
            left_out = write_dataset(found, labels, format, out / format)
            if left_out:
                print(f"{left_out} shapes left out: {format} does not support their kind")
    print(f"written to {out}")


def _write_json(found: Sequence[Annotated], path: Path) -> None:
    answers: dict[str, Any] = {
        picture.name: json.loads(encode_detections(picture.shapes, None, picture.size))
        for picture in found
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(answers, indent=1), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _labels(function: Function, found: Sequence[Annotated]) -> list[str]:
    """Return the labels that the function declares, or else those that it used."""
    if function.labels is not None:
        return list(function.labels.names)
    return sorted({shape.label for picture in found for shape in picture.shapes})


def _print_counts(found: Sequence[Annotated], thresholds: Sequence[float]) -> None:
    """Print the number of objects of each label at each threshold."""
    counts: dict[str, list[int]] = {}
    for picture in found:
        for shape in picture.shapes:
            row = counts.setdefault(shape.label, [0] * len(thresholds))
            for column, threshold in enumerate(thresholds):
                row[column] += shape.confidence is None or shape.confidence >= threshold
    rows = [[label, *row] for label, row in sorted(counts.items())]
    total = [sum(column) for column in zip(*counts.values(), strict=True)] or [0] * len(thresholds)
    headings = ["label", *(f">={threshold:g}" for threshold in thresholds)]
    print_table(headings, [*rows, [f"all {len(found)} pictures", *total]])
