"""Models that return every kind of CVAT shape, at positions that tests can compute."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from msgspec.structs import replace

from modelyard.annotation import (
    Attribute,
    Bitmap,
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
    TrackedShape,
)
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Detector, Tracker

MODULE: Final = "modelyard.serving.testing.shapes"
SCORE: Final = 0.75
SKELETON_SVG: Final = (
    '<line x1="10" y1="10" x2="90" y2="90" data-type="edge" data-node-from="1" data-node-to="2">'
    '</line><circle r="1" cx="10" cy="10" data-type="element node" data-element-id="1" '
    'data-node-id="1" data-label-name="head"></circle><circle r="1" cx="90" cy="90" '
    'data-type="element node" data-element-id="2" data-node-id="2" data-label-name="foot"></circle>'
)
# In the order of their cells, row by row, three in a row.
KINDS: Final = (
    "rectangle",
    "polygon",
    "polyline",
    "points",
    "ellipse",
    "cuboid",
    "mask",
    "skeleton",
)
_COLUMNS: Final = 3


def labels() -> list[dict[str, Any]]:
    """Return the label spec of `EveryShape`: one label per kind, named `a <kind>`."""
    listed: list[dict[str, Any]] = [
        {"id": number, "name": f"a {kind}", "type": kind, "attributes": []}
        for number, kind in enumerate((*KINDS, "tag"), start=1)
    ]
    listed[0]["attributes"] = [
        {"name": "size", "input_type": "select", "values": ["small", "large"]}
    ]
    skeleton = next(label for label in listed if label["type"] == "skeleton")
    skeleton["svg"] = SKELETON_SVG
    skeleton["sublabels"] = [
        {"id": number, "name": name, "type": "points", "attributes": []}
        for number, name in enumerate(("head", "foot"), start=1)
    ]
    return listed


def cell(kind: str, width: int, height: int) -> tuple[float, float, float, float]:
    """Return left, top, width and height of the part of an image with the shape."""
    row, column = divmod(KINDS.index(kind), _COLUMNS)
    return column * width / _COLUMNS, row * height / _COLUMNS, width / _COLUMNS, height / _COLUMNS


class EveryShape(Detector):
    """Finds one shape of each kind in any image, each in its own cell."""

    def load(self, assets: Assets, device: Device) -> None:
        """Do nothing."""

    def detect(self, image: Image, threshold: float) -> Sequence[Shape]:
        """Return the shapes and a tag, all with the same score."""
        return _shapes(image.width, image.height)


class Places(msgspec.Struct):
    """The kind and coordinates of the object."""

    kind: str
    points: list[float]


class Drifter(Tracker[Places]):
    """Moves a rectangle or a polygon by one pixel to the right and down in each image."""

    shape_types = ("rectangle", "polygon")

    def load(self, assets: Assets, device: Device) -> None:
        """Do nothing."""

    def start(self, image: Image, shape: TrackedShape) -> Places:
        """Remember the shape."""
        points = shape.points if isinstance(shape, Polygon) else _rectangle(shape)
        return Places(shape.kind, list(points))

    def step(self, image: Image, state: Places) -> tuple[Shape | None, Places]:
        """Return the moved shape; None once it is outside the image."""
        moved = Places(state.kind, [number + 1 for number in state.points])
        if min(moved.points[::2]) >= image.width or min(moved.points[1::2]) >= image.height:
            return None, moved
        if moved.kind == "polygon":
            return Polygon("", tuple(moved.points)), moved
        return Rectangle("", _four(moved.points)), moved


def _rectangle(shape: TrackedShape) -> tuple[float, float, float, float]:
    if not isinstance(shape, Rectangle):
        raise TypeError(f"this model does not declare the type {shape.kind}")
    return shape.box


def _shapes(width: int, height: int) -> list[Shape]:
    def at(kind: str, *fractions: float) -> tuple[float, ...]:
        left, top, across, down = cell(kind, width, height)
        corner, extent = (left, top), (across, down)
        return tuple(corner[i % 2] + extent[i % 2] * part for i, part in enumerate(fractions))

    front = (0.2, 0.4, 0.2, 0.8, 0.6, 0.4, 0.6, 0.8)
    rear = (0.8, 0.2, 0.8, 0.6, 0.4, 0.2, 0.4, 0.6)
    left, top = at("mask", 0.2, 0.2)
    head, foot = at("skeleton", 0.3, 0.3), at("skeleton", 0.7, 0.7)
    found: list[Shape] = [
        Rectangle(
            "a rectangle",
            _four(at("rectangle", 0.2, 0.2, 0.8, 0.8)),
            attributes=(Attribute("size", "large"),),
        ),
        Polygon("a polygon", at("polygon", 0.2, 0.8, 0.5, 0.2, 0.8, 0.8)),
        Polyline("a polyline", at("polyline", 0.2, 0.2, 0.8, 0.2, 0.8, 0.8)),
        Points("a points", at("points", 0.3, 0.3, 0.7, 0.7)),
        Ellipse(
            "a ellipse", _two(at("ellipse", 0.5, 0.5)), (width * 0.1, height * 0.06), rotation=30
        ),
        Cuboid("a cuboid", at("cuboid", *front, *rear)),
        Mask("a mask", _corner(width // 5, height // 5), left=int(left), top=int(top)),
        Skeleton("a skeleton", (Keypoint("head", _two(head)), Keypoint("foot", _two(foot)))),
        Tag("a tag"),
    ]
    return [replace(shape, confidence=SCORE) for shape in found]


def _corner(width: int, height: int) -> Bitmap:
    """Return a bitmap without its upper right quarter."""
    bitmap = np.ones((height, width), np.bool_)
    bitmap[: height // 2, width // 2 :] = False
    return bitmap


def _four(numbers: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = numbers
    return left, top, right, bottom


def _two(numbers: Sequence[float]) -> tuple[float, float]:
    x, y = numbers
    return x, y
