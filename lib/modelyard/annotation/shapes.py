"""The shapes that a model can report, in CVAT's terms.

Coordinates are float pixels of the image in the request: origin at the outer corner
of the top-left pixel, x to the right, y down, so the pixel in column i covers i <= x < i+1.
Sequences of points are flat tuples `x0, y0, x1, y1, …`. Constructors take numpy scalars,
rows and [N, 2] arrays as well and turn them into plain floats; invalid shapes (NaN, too
few points) raise `ShapeError`. Shapes may extend beyond the image: encoding clips them.

Every shape takes its label and its geometry first and the rest by keyword:

* confidence: score in 0..1, or None if the model does not give one. CVAT ignores it.
* attributes: values of attributes that the label set declares.
* group_id: number >= 0; shapes with the same number form a group in CVAT.
* rotation (rectangle, ellipse): degrees clockwise around the centre, stored as 0 <= r < 360.

A tracked shape does not need a label: trackers leave it "".
"""

import operator
from typing import ClassVar

import msgspec
from msgspec.structs import force_setattr

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.coordinates import Box, as_box, as_flat, as_point, finite
from modelyard.annotation.errors import ShapeError
from modelyard.annotation.masks import Bitmap, as_bitmap, as_outline, as_whole

# Softmax in float32 overshoots 1 by a few ulps; a percentage overshoots by far more.
_SCORE_SLACK = 1e-3


class _Labelled(msgspec.Struct, frozen=True):
    label: str


class _Shape(_Labelled, frozen=True, kw_only=True):
    confidence: float | None = None
    attributes: tuple[Attribute, ...] = ()
    group_id: int | None = None

    def __post_init__(self) -> None:
        if self.confidence is not None:
            score = finite(self.confidence, "confidence")
            if not -_SCORE_SLACK <= score <= 1 + _SCORE_SLACK:
                raise ShapeError(f"confidence must be in 0..1, not {score:g}")
            force_setattr(self, "confidence", min(max(score, 0.0), 1.0))
        force_setattr(self, "attributes", tuple(self.attributes))
        if self.group_id is not None:
            force_setattr(self, "group_id", _group(self.group_id))


class _Rotatable(_Shape, frozen=True, kw_only=True):
    rotation: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        # The second modulo catches -1e-20 % 360, which is 360.0.
        force_setattr(self, "rotation", finite(self.rotation, "rotation") % 360.0 % 360.0)


class Rectangle(_Rotatable, frozen=True):
    """A box `xtl, ytl, xbr, ybr`. Encoding drops boxes with swapped or equal corners."""

    kind: ClassVar[str] = "rectangle"

    box: Box

    def __post_init__(self) -> None:
        """Check and convert the fields."""
        super().__post_init__()
        force_setattr(self, "box", as_box(self.box))


class Ellipse(_Rotatable, frozen=True):
    """An ellipse by its centre `x, y` and its radii `horizontal, vertical` in pixels."""

    kind: ClassVar[str] = "ellipse"

    center: tuple[float, float]
    radii: tuple[float, float]

    def __post_init__(self) -> None:
        """Check and convert the fields; radii below 0 are refused."""
        super().__post_init__()
        force_setattr(self, "center", as_point(self.center, "center"))
        radii = as_point(self.radii, "radii")
        if min(radii) < 0:
            raise ShapeError(f"radii must not be negative: {radii}")
        force_setattr(self, "radii", radii)


class _Pointed(_Shape, frozen=True):
    minimum: ClassVar[int]
    kind: ClassVar[str]

    points: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        points = as_flat(self.points)
        if len(points) < 2 * self.minimum:
            raise ShapeError(
                f"a {self.kind} needs at least {self.minimum} points, not {len(points) // 2}"
            )
        force_setattr(self, "points", points)


class Polygon(_Pointed, frozen=True):
    """A closed outline of at least 3 points; the first is not repeated at the end."""

    kind: ClassVar[str] = "polygon"
    minimum: ClassVar[int] = 3


class Polyline(_Pointed, frozen=True):
    """An open line of at least 2 points."""

    kind: ClassVar[str] = "polyline"
    minimum: ClassVar[int] = 2


class Points(_Pointed, frozen=True):
    """A set of at least 1 point."""

    kind: ClassVar[str] = "points"
    minimum: ClassVar[int] = 1


class Cuboid(_Shape, frozen=True):
    """A box in perspective: 8 points, four vertical edges, each top then bottom.

    The edges in order: front left, front right, rear right, rear left.
    """

    kind: ClassVar[str] = "cuboid"

    points: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check and convert the fields."""
        super().__post_init__()
        points = as_flat(self.points)
        if len(points) != 16:
            raise ShapeError(f"a cuboid needs exactly 8 points, not {len(points) // 2}")
        force_setattr(self, "points", points)


class Mask(_Shape, frozen=True, eq=False):
    """The pixels of an object, as a crop of the image.

    Attributes:
        bitmap: bool [h, w], read-only copy of a bool or integer array (nonzero is the
            object). h and w are at least 1.
        left: Column of the crop's first pixel in the image.
        top: Row of the crop's first pixel in the image.
        polygon: Optional outline `x0, y0, …` in image pixels, at least 3 points, which
            CVAT uses instead of the pixels if its user requests polygons.

    Masks compare by identity; compare bitmaps with numpy.
    """

    kind: ClassVar[str] = "mask"

    bitmap: Bitmap
    left: int
    top: int
    polygon: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check and convert the fields."""
        super().__post_init__()
        force_setattr(self, "bitmap", as_bitmap(self.bitmap))
        force_setattr(self, "left", as_whole(self.left, "left"))
        force_setattr(self, "top", as_whole(self.top, "top"))
        force_setattr(self, "polygon", as_outline(self.polygon))


class Keypoint(msgspec.Struct, frozen=True):
    """One joint of a skeleton.

    Attributes:
        label: Name of the sublabel.
        point: `x, y` in pixels.
        outside: True if the joint is not visible or not in the image.
        attributes: Attribute values of the sublabel.
    """

    label: str
    point: tuple[float, float]
    outside: bool = False
    attributes: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        """Check and convert the fields."""
        force_setattr(self, "point", as_point(self.point, "point"))
        force_setattr(self, "outside", bool(self.outside))
        force_setattr(self, "attributes", tuple(self.attributes))


class Skeleton(_Shape, frozen=True):
    """Named joints of one object. Joints that were not found may be left out."""

    kind: ClassVar[str] = "skeleton"

    elements: tuple[Keypoint, ...]

    def __post_init__(self) -> None:
        """Check the fields: at least one joint, each sublabel once."""
        super().__post_init__()
        elements = tuple(self.elements)
        if not elements:
            raise ShapeError("a skeleton needs at least 1 element")
        if len({element.label for element in elements}) != len(elements):
            raise ShapeError("a skeleton names each sublabel at most once")
        force_setattr(self, "elements", elements)


class Tag(_Shape, frozen=True):
    """A class of the whole image: image classification."""

    kind: ClassVar[str] = "tag"


Shape = Rectangle | Polygon | Polyline | Points | Ellipse | Cuboid | Mask | Skeleton | Tag


def _group(value: int) -> int:
    group = operator.index(value)
    if group < 0:
        raise ShapeError(f"group_id must not be negative, not {group}")
    return group
