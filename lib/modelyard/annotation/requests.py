"""Parses and checks CVAT's requests.

Each parser takes the body of a request, as bytes, text or already decoded (Nuclio
decodes JSON bodies itself), and returns a frozen struct of plain values. Unknown keys are
ignored; errors raise `RequestError` with status 400 and one line that names the field.
Images are base64 text of an image file, and are returned as the file's bytes:
`modelyard.imaging.decode` opens them.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from modelyard.annotation import fields
from modelyard.annotation.coordinates import Box
from modelyard.annotation.fields import Body, Point


class DetectorRequest(msgspec.Struct, frozen=True):
    """One image to search.

    Attributes:
        image: The image file.
        threshold: Minimum score, 0..1; None leaves it to the function.
    """

    image: bytes
    threshold: float | None = None


class InteractorRequest(msgspec.Struct, frozen=True):
    """One object to segment, given by clicks, a box or words.

    Attributes:
        image: The image file.
        positive: Clicks on the object, in the order they were made.
        negative: Clicks off the object, in the order they were made.
        box: The box around it, corners sorted; None if none was drawn.
        threshold: 0..1; None leaves it to the function.
        text_prompts: Names of the object; only in the newest CVAT.
    """

    image: bytes
    positive: tuple[Point, ...] = ()
    negative: tuple[Point, ...] = ()
    box: Box | None = None
    threshold: float | None = None
    text_prompts: tuple[str, ...] = ()


class ReidBox(msgspec.Struct, frozen=True):
    """A rectangle annotated in one of two images; `label_id` is its label's id in CVAT."""

    box: Box
    label_id: int


class ReidRequest(msgspec.Struct, frozen=True):
    """Boxes of two consecutive images to match.

    Attributes:
        image0: The file of the first image.
        image1: The file of the second image.
        boxes0: The boxes of the first image.
        boxes1: The boxes of the second image.
        threshold: Maximum cosine distance of a pair, 0..2; None leaves it to the function.
        max_distance: Maximum distance of two boxes' centres in pixels; None leaves it to
            the function.
    """

    image0: bytes
    image1: bytes
    boxes0: tuple[ReidBox, ...]
    boxes1: tuple[ReidBox, ...]
    threshold: float | None = None
    max_distance: float | None = None


def parse_detector(body: Body) -> DetectorRequest:
    """Parse a detector's request `{image, threshold?}`.

    Raises:
        RequestError: 400, the request is malformed.
    """
    payload = fields.load(body)
    return DetectorRequest(
        threshold=fields.number(payload, "threshold", 0, 1),
        image=fields.image(payload, "image"),
    )


def parse_interactor(body: Body) -> InteractorRequest:
    """Parse an interactor's request `{image, pos_points, neg_points, obj_bbox, …}`.

    All but the image may be absent, null or empty. `obj_bbox` holds two corners in any
    order, or four numbers.

    Raises:
        RequestError: 400, the request is malformed.
    """
    payload = fields.load(body)
    return InteractorRequest(
        positive=fields.each(payload, "pos_points", fields.point),
        negative=fields.each(payload, "neg_points", fields.point),
        box=_prompt_box(payload),
        threshold=fields.number(payload, "threshold", 0, 1),
        text_prompts=fields.each(payload, "text_prompts", fields.text),
        image=fields.image(payload, "image"),
    )


def parse_reid(body: Body) -> ReidRequest:
    """Parse a re-identification request `{image0, image1, boxes0, boxes1, …}`.

    The boxes are complete CVAT shapes, but only `points` and `label_id` are read.

    Raises:
        RequestError: 400, the request is malformed.
    """
    payload = fields.load(body)
    return ReidRequest(
        boxes0=fields.each(payload, "boxes0", _reid_box),
        boxes1=fields.each(payload, "boxes1", _reid_box),
        threshold=fields.number(payload, "threshold", 0, 2),
        max_distance=fields.number(payload, "max_distance", 0, math.inf),
        image0=fields.image(payload, "image0"),
        image1=fields.image(payload, "image1"),
    )


def _prompt_box(payload: Mapping[str, Any]) -> Box | None:
    name = "obj_bbox"
    corners = fields.listed(payload, name)
    if not corners:
        return None
    if isinstance(corners[0], list | tuple):
        corners = [number for corner in corners for number in fields.point(corner, name)]
    box = fields.box(corners, name)
    if box[0] == box[2] or box[1] == box[3]:
        raise fields.bad(f"{name}: expected two opposite corners of a box, but it has no area")
    return box


def _reid_box(value: object, where: str) -> ReidBox:
    if not isinstance(value, Mapping):
        raise fields.bad(f"{where}: expected a shape with points, but it is {fields.kind(value)}")
    label_id = value.get("label_id")
    if type(label_id) is not int:
        raise fields.bad(f"{where}.label_id: expected a whole number, not {fields.kind(label_id)}")
    return ReidBox(fields.box(value.get("points"), f"{where}.points"), label_id)
