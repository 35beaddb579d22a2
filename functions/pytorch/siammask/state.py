"""SiamMask's state of an object between two images."""

from typing import Annotated, Final, Literal, Self

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from modelyard import PackedArray
from siammask.geometry import Target
from siammask.sizes import CHANNELS, TEMPLATE

Form = Literal["rectangle", "polygon", "mask"]
"""The type of shape an object is reported as, which is the type it was drawn in."""

_LARGEST: Final = 1e5
_Place = Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)]
_Length = Annotated[float, Meta(ge=1, le=_LARGEST)]
_Level = Annotated[float, Meta(ge=0, le=255)]


class SiamMaskState(msgspec.Struct, frozen=True):
    """An object's appearance in the first image, and its position in the last.

    About 67 KB as JSON, nearly all of it the template: float32, since rounding it to float16 would
    change results. Everything else is recomputed.

    Attributes:
        template: float32 [256, 7, 7], the features of the first image.
        x: Centre of the object in pixels.
        y: Centre of the object in pixels.
        width: Its width in pixels.
        height: Its height in pixels.
        padding: Mean colour of the first image, R, G, B, which pads the following ones.
        form: How the object is reported.
    """

    template: PackedArray
    x: _Place
    y: _Place
    width: _Length
    height: _Length
    padding: tuple[_Level, _Level, _Level]
    form: Form = "rectangle"

    @property
    def target(self) -> Target:
        """The object's last position."""
        return Target(self.x, self.y, self.width, self.height)

    def moved(self, target: Target) -> Self:
        """Return the state with `target` as the object's position."""
        place = target._asdict()
        return msgspec.structs.replace(self, **place)

    def features(self) -> NDArray[np.float32]:
        """Return the template, float32 [256, 7, 7].

        Raises:
            StateError: it is another array.
        """
        return self.template.unpack(dtype=np.float32, shape=(CHANNELS, TEMPLATE, TEMPLATE))
