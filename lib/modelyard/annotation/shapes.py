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
import numpy as np
from msgspec.structs import force_setattr
from numpy.typing import NDArray

from modelyard.annotation.coordinates import Box, as_box, as_flat, as_point, finite
from modelyard.annotation.errors import ShapeError

Bitmap = NDArray[np.bool_]
"""bool [height, width], True on the object."""

# Softmax in float32 overshoots 1 by a few ulps; a percentage overshoots by far more.
_SCORE_SLACK = 1e-3


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of an object.

    `value` is always text: numbers and booleans become what CVAT accepts, "31" and "true".
    """

    name: str
    value: str

    def __post_init__(self) -> None:
        """Turn the value into text."""
        force_setattr(self, "value", _attribute_text(self.value))


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
        force_setattr(self, "left", _whole(self.left, "left"))
        force_setattr(self, "top", _whole(self.top, "top"))
        force_setattr(self, "polygon", _outline(self.polygon))


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


class Segment(msgspec.Struct, frozen=True, eq=False):
    """An interactor's result: the pixels of the clicked object.

    Attributes:
        mask: bool [height, width] of the whole image, or of the crop in `bounds`.
            Read-only copy of a bool or integer array; nonzero is the object.
        polygon: Optional outline `x0, y0, …` in image pixels, at least 3 points. Without
            it CVAT traces the mask and keeps only one part.
        bounds: `left, top, right, bottom` of a crop, pixel indices, right and bottom
            included; None for a mask of the whole image.
    """

    mask: Bitmap
    polygon: tuple[float, ...] | None = None
    bounds: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        """Check and convert the fields."""
        force_setattr(self, "mask", as_bitmap(self.mask))
        force_setattr(self, "polygon", _outline(self.polygon))
        if self.bounds is None:
            return
        left, top, right, bottom = (_whole(value, "bounds") for value in self.bounds)
        if self.mask.shape != (bottom - top + 1, right - left + 1):
            raise ShapeError(
                f"bounds {left, top, right, bottom} are not those of a mask of "
                f"{self.mask.shape[1]}x{self.mask.shape[0]} (right and bottom are included)"
            )
        force_setattr(self, "bounds", (left, top, right, bottom))


def as_bitmap(mask: NDArray[np.generic]) -> Bitmap:
    """Return a read-only bool copy [h, w] of a mask; nonzero numbers are True.

    Raises:
        ShapeError: it is not a 2-D array of bool or integers with at least one pixel.
    """
    array = np.asarray(mask)
    if array.dtype.kind not in "bui":
        raise ShapeError(
            f"a mask must be bool or integers, not {array.dtype}: compare scores with a threshold"
        )
    if array.ndim != 2 or array.size == 0:
        raise ShapeError(f"a mask must be an array [height, width], not {array.shape}")
    bitmap = array.astype(np.bool_)
    bitmap.flags.writeable = False
    return bitmap


def _outline(polygon: tuple[float, ...] | None) -> tuple[float, ...] | None:
    if polygon is None:
        return None
    points = as_flat(polygon, "polygon")
    if len(points) < 6:
        raise ShapeError(f"the outline of a mask needs 3 points, not {len(points) // 2}")
    return points


def _whole(value: object, name: str) -> int:
    """Convert a whole number of any type, including 3.0 of a float array, but not 3.5."""
    number = finite(value, name)
    if not number.is_integer():
        raise ShapeError(f"{name} must be a whole number of pixels, not {number:g}")
    return int(number)


def _group(value: int) -> int:
    group = operator.index(value)
    if group < 0:
        raise ShapeError(f"group_id must not be negative, not {group}")
    return group


def _attribute_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    number = finite(value, "an attribute value")
    return str(int(number)) if number.is_integer() else str(number)
