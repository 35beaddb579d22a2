"""Inputs and outputs of OpenVINO's networks: their names and shapes, and which arrays fit."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Input(NamedTuple):
    """Requirements of an input; OpenVINO itself accepts some wrong shapes."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    any_rank: bool

    @classmethod
    def of(cls, port: Any) -> Self:
        """Return those of an input."""
        dtype = np.dtype(port.element_type.to_dtype())
        return cls(port_name(port), port_shape(port), dtype, port.partial_shape.rank.is_dynamic)

    def checked(self, given: Array) -> Array:
        """Return `given` in this dtype, contiguous.

        Raises:
            ValueError: its shape does not fit, or values would be lost.
        """
        fits = self.any_rank or (
            given.ndim == len(self.shape)
            and all(want in (-1, have) for want, have in zip(self.shape, given.shape, strict=True))
        )
        if not fits:
            raise ValueError(f"input {self.name} must be {self.shape}, not {given.shape}")
        if not np.can_cast(given.dtype, self.dtype, "same_kind"):
            raise ValueError(f"input {self.name} must be {self.dtype}, not {given.dtype}")
        return np.ascontiguousarray(given, self.dtype)


def port_name(port: Any) -> str:
    """Return the name of an input or output; its node's if the tensor has none."""
    return min(port.names) if port.names else str(port.node.friendly_name)


def port_shape(port: Any) -> tuple[int, ...]:
    """Return the shape of an input or output, with -1 for any length; empty for any rank."""
    shape = port.partial_shape
    if shape.rank.is_dynamic:
        return ()
    return tuple(-1 if length.is_dynamic else length.get_length() for length in shape)
