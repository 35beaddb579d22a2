"""Attributes of objects, whose values CVAT accepts as text."""

import msgspec
import numpy as np
from msgspec.structs import force_setattr

from modelyard.annotation.coordinates import finite


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of an object.

    `value` is always text: numbers and booleans become what CVAT accepts, "31" and "true".
    """

    name: str
    value: str

    def __post_init__(self) -> None:
        """Turn the value into text."""
        force_setattr(self, "value", _attribute_text(self.value))


def _attribute_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    number = finite(value, "an attribute value")
    return str(int(number)) if number.is_integer() else str(number)
