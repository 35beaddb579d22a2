"""Encodes what is found in an image as the JSON that CVAT reads: compact, finite, plain types.

Coordinates are rounded to hundredths of a pixel and scores to four digits. A label that
the function does not declare raises `AnnotationError`: CVAT would silently drop the result.
"""

from collections.abc import Iterable, Iterator
from typing import assert_never

import msgspec
import numpy as np

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.bitmaps import flat_json, nested_json
from modelyard.annotation.clipping import Size, clip
from modelyard.annotation.conformance import conform
from modelyard.annotation.errors import RequestError
from modelyard.annotation.labels import LabelSet
from modelyard.annotation.points import points_of, rounded
from modelyard.annotation.segments import Segment
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Keypoint,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
)


class _Element(msgspec.Struct, omit_defaults=True):
    """A joint of a skeleton as CVAT reads it."""

    label: str
    type: str
    points: list[float]
    outside: int
    attributes: tuple[Attribute, ...] = ()


class _Item(msgspec.Struct, omit_defaults=True):
    """One detection as CVAT reads it; absent fields are left out."""

    label: str
    type: str
    confidence: float | None = None
    points: list[float] | None = None
    rotation: float | None = None
    mask: msgspec.Raw | None = None
    elements: list[_Element] | None = None
    attributes: tuple[Attribute, ...] = ()
    group_id: int | None = None


def encode_detections(shapes: Iterable[Shape], labels: LabelSet | None, size: Size) -> bytes:
    """Encode a detector's reply: a JSON list with one item per shape.

    Shapes are clipped to the image, and dropped if outside. A polyline that leaves the image
    and returns becomes one item per visible piece.

    Args:
        shapes: The model's detections.
        labels: The labels that the function declares; None skips that check.
        size: Width and height of the image in pixels.

    Raises:
        LabelError: a label, sublabel or attribute that is not declared.
    """
    return msgspec.json.encode([_item(shape) for shape in visible(shapes, labels, size)])


def visible(shapes: Iterable[Shape], labels: LabelSet | None, size: Size) -> Iterator[Shape]:
    """Yield what `encode_detections` encodes: shapes clipped to the image.

    Raises:
        LabelError: a label, sublabel or attribute that is not declared.
    """
    checked = shapes if labels is None else (conform(shape, labels) for shape in shapes)
    return (part for shape in checked for part in clip(shape, size))


def encode_segment(segment: Segment) -> bytes:
    """Encode an interactor's reply `{"mask": [[0,1,…],…], "points"?, "bounds"?}`.

    Raises:
        RequestError: 422, the mask is empty. CVAT's editor fails on an empty mask, while a
            status tells its user that the model found nothing.
    """
    if not segment.mask.any():
        raise RequestError(422, "no object found here: move the clicks or the box, or add some")
    reply: dict[str, object] = {"mask": msgspec.Raw(nested_json(segment.mask))}
    if segment.polygon is not None:
        reply["points"] = np.reshape(rounded(segment.polygon), (-1, 2)).tolist()
    if segment.bounds is not None:
        reply["bounds"] = segment.bounds
    return msgspec.json.encode(reply)


def _item(shape: Shape) -> _Item:
    item = _Item(
        shape.label,
        shape.kind,
        confidence=None if shape.confidence is None else round(shape.confidence, 4),
        attributes=shape.attributes,
        group_id=shape.group_id,
    )
    match shape:
        case Tag():
            pass
        case Skeleton():
            item.elements = [_element(joint) for joint in shape.elements]
        case Mask():
            item.mask = msgspec.Raw(_mask_crop(shape))
            item.points = rounded(shape.polygon) if shape.polygon else None
        case Rectangle() | Ellipse():
            item.points = points_of(shape)
            item.rotation = round(shape.rotation, 2) or None
        case Polygon() | Polyline() | Points() | Cuboid():
            item.points = points_of(shape)
        case _:
            assert_never(shape)
    return item


def _element(joint: Keypoint) -> _Element:
    points = rounded(joint.point)
    return _Element(joint.label, "points", points, int(joint.outside), joint.attributes)


def _mask_crop(mask: Mask) -> bytes:
    """Return the pixels of the crop and then its box with inclusive right and bottom."""
    height, width = mask.bitmap.shape
    box = (mask.left, mask.top, mask.left + width - 1, mask.top + height - 1)
    return b"[%b%d,%d,%d,%d]" % (flat_json(mask.bitmap), *box)
