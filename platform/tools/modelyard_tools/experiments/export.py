"""Writes what a function found as a dataset that CVAT and other tools import."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import datumaro as dm
import msgspec

from modelyard.annotation import Mask, Polygon, Rectangle, Shape, rectangle_corners
from modelyard.imaging import polygons
from modelyard_tools.experiments.conversion import to_datumaro
from modelyard_tools.experiments.datasets import Annotated
from modelyard_tools.experiments.errors import UsageError

# Datumaro's name of each format and the kinds of shapes that it supports.
_HELD: Final = {
    "coco": ("coco_instances", {"rectangle", "polygon", "mask"}),
    "cvat": ("cvat", {"rectangle", "polygon", "polyline", "points", "mask", "tag"}),
}
FORMATS: Final = tuple(_HELD)


def write_dataset(
    found: Iterable[Annotated], labels: Sequence[str], format: str, folder: Path
) -> int:
    """Write what was found in one of `FORMATS`, without the pictures.

    COCO keeps scores; CVAT's XML cannot store them.

    Returns:
        The number of shapes that are left out because the format does not support their kind.

    Raises:
        UsageError: the folder cannot be written.
    """
    exporter, held = _HELD[format]
    index = {name: number for number, name in enumerate(labels)}
    items, left_out = [], 0
    for picture in found:
        width, height = picture.size
        kept = [shape for shape in picture.shapes if shape.kind in held]
        left_out += len(picture.shapes) - len(kept)
        annotations = [
            to_datumaro(part, index[part.label], picture.size)
            for number, shape in enumerate(kept, start=1)
            for part in (_for_coco(shape, number) if format == "coco" else [_for_cvat(shape)])
        ]
        media = dm.Image.from_file(path=picture.name, size=(height, width))
        name = str(PurePosixPath(picture.name).with_suffix(""))
        items.append(dm.DatasetItem(name, media=media, annotations=annotations))
    dataset = dm.Dataset.from_iterable(items, categories=_categories(items, labels))
    try:
        dataset.export(str(folder), exporter, save_media=False)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror or error}") from error
    return left_out


def _for_coco(shape: Shape, number: int) -> list[Shape]:
    """Return the shape as COCO can store it: its parts, joined by the group number.

    Boxes become upright; masks become outlines, since run lengths mark crowds.
    """
    outlines: list[Sequence[float]] = []
    if isinstance(shape, Rectangle) and shape.rotation:
        outlines = [rectangle_corners(shape).ravel().tolist()]
    elif isinstance(shape, Mask):
        corner = (shape.left, shape.top)
        outlines = [(part + corner).ravel().tolist() for part in polygons(shape.bitmap)]
    parts: list[Shape] = [
        Polygon(
            shape.label,
            tuple(points),
            confidence=shape.confidence,
            attributes=shape.attributes,
        )
        for points in outlines
    ]
    parts = parts or [shape]
    return [msgspec.structs.replace(part, group_id=number) for part in parts]


def _for_cvat(shape: Shape) -> Shape:
    """Return the shape without its score, which CVAT would read as an attribute."""
    return msgspec.structs.replace(shape, confidence=None)


def _categories(
    items: Sequence[dm.DatasetItem], labels: Sequence[str]
) -> dict[dm.AnnotationType, dm.LabelCategories]:
    """Return the labels, each with the attributes of its objects."""
    names: list[set[str]] = [set() for _ in labels]
    for item in items:
        for annotation in item.annotations:
            names[annotation.label].update(annotation.attributes)
    categories = dm.LabelCategories()
    for label, attributes in zip(labels, names, strict=True):
        categories.add(label, attributes=attributes)
    return {dm.AnnotationType.label: categories}
