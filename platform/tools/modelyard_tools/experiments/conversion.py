"""Converts our shapes to datumaro's annotations and back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import datumaro as dm
import numpy as np
from datumaro.components.annotation import RotatedBbox

from modelyard.annotation import (
    Attribute,
    Bitmap,
    Ellipse,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Tag,
)
from modelyard.imaging import crop

SCORE: Final = "score"
CROWD: Final = "is_crowd"
TRACK: Final = "track_id"
# Entries that the formats add, which are not attributes of an object.
_OTHERS: Final = frozenset({"occluded", "keyframe", "z_order", "frame", "rotation", SCORE})


def to_datumaro(  # noqa: PLR0911 - one a kind
    shape: Shape, label: int, size: tuple[int, int]
) -> dm.Annotation:
    """Return the annotation of a shape.

    Args:
        shape: What was found.
        label: Index of its label in the dataset.
        size: Width and height of the image in pixels.

    Raises:
        TypeError: an ellipse, a cuboid or a skeleton.
    """
    attributes: dict[str, Any] = {item.name: item.value for item in shape.attributes}
    if shape.confidence is not None:
        attributes[SCORE] = shape.confidence
    common = {"label": label, "group": shape.group_id or 0, "attributes": attributes}
    match shape:
        case Tag():
            return dm.Label(label, attributes=attributes)
        case Rectangle():
            left, top, right, bottom = shape.box
            width, height = right - left, bottom - top
            if shape.rotation:
                middle = (left + width / 2, top + height / 2)
                return RotatedBbox(*middle, width, height, shape.rotation, **common)
            return dm.Bbox(left, top, width, height, **common)
        case Mask():
            return dm.Mask(image=lambda: whole_mask(shape, size).astype(np.uint8), **common)
        case Polygon():
            return dm.Polygon(list(shape.points), **common)
        case Polyline():
            return dm.PolyLine(list(shape.points), **common)
        case Points():
            return dm.Points(list(shape.points), **common)
        case _:
            raise TypeError(f"none of the written formats supports a {shape.kind}")


def from_datumaro(  # noqa: PLR0911 - one a kind
    annotation: dm.Annotation, names: Sequence[str]
) -> Shape | None:
    """Return the shape of an annotation; None for a kind that is not evaluated.

    Attributes keep their names, with values as text, including `is_crowd` and `track_id`.
    """
    if getattr(annotation, "label", None) is None:
        return None
    label = names[annotation.label]
    score = annotation.attributes.get(SCORE)
    more: dict[str, Any] = {
        "confidence": None if score is None else float(score),
        "attributes": _attributes(annotation.attributes),
    }
    match annotation:
        case dm.Label():
            return Tag(label, **more)
        case RotatedBbox():
            left, top = annotation.cx - annotation.w / 2, annotation.cy - annotation.h / 2
            box = (left, top, left + annotation.w, top + annotation.h)
            return Rectangle(label, box, rotation=annotation.r, **more)
        case dm.Bbox():
            left, top, right, bottom = annotation.points
            return Rectangle(label, (left, top, right, bottom), **more)
        case dm.Ellipse():
            centre = (annotation.c_x, annotation.c_y)
            return Ellipse(label, centre, (annotation.w / 2, annotation.h / 2), **more)
        case dm.Polygon():
            return Polygon(label, tuple(annotation.points), **more)
        case dm.PolyLine():
            return Polyline(label, tuple(annotation.points), **more)
        case dm.Mask():
            part = crop(annotation.image)
            return None if part is None else Mask(label, *part, **more)
        case _:
            return None


def whole_mask(mask: Mask, size: tuple[int, int]) -> Bitmap:
    """Return the mask as bool [height, width] of the whole image, cropped to it."""
    width, height = size
    canvas = np.zeros((height, width), np.bool_)
    rows, columns = mask.bitmap.shape
    part = canvas[mask.top : mask.top + rows, mask.left : mask.left + columns]
    part |= mask.bitmap[: part.shape[0], : part.shape[1]]
    return canvas


def _attributes(given: Mapping[str, Any]) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(name, value)
        for name, value in given.items()
        if name not in _OTHERS and _has_text(value)
    )


def _has_text(value: object) -> bool:
    return isinstance(value, str | bool | int | float)
