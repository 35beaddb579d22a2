"""What an interactor reports: the pixels of the clicked object."""

import msgspec
from msgspec.structs import force_setattr

from modelyard.annotation.errors import ShapeError
from modelyard.annotation.masks import Bitmap, as_bitmap, as_outline, as_whole


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
        force_setattr(self, "polygon", as_outline(self.polygon))
        if self.bounds is None:
            return
        left, top, right, bottom = (as_whole(value, "bounds") for value in self.bounds)
        if self.mask.shape != (bottom - top + 1, right - left + 1):
            raise ShapeError(
                f"bounds {left, top, right, bottom} are not those of a mask of "
                f"{self.mask.shape[1]}x{self.mask.shape[0]} (right and bottom are included)"
            )
        force_setattr(self, "bounds", (left, top, right, bottom))
