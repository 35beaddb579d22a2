"""The state of a tracker, which travels through the client and back.

It is sent as plain JSON with the name of the function that made it, and checked
as untrusted input when it comes back: types by msgspec, arrays by `PackedArray`.
Nothing is unpickled.
"""

import math
from typing import Annotated, Any, Final, Literal, Self, TypeVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import DTypeLike, NDArray

StateT = TypeVar("StateT", bound=msgspec.Struct)

MAX_ARRAY_BYTES: Final = 16 * 1024 * 1024

_DType = Literal["bool", "uint8", "int32", "int64", "float16", "float32", "float64"]
_Shape = Annotated[tuple[Annotated[int, Meta(ge=0, le=2**31)], ...], Meta(max_length=8)]
_Data = Annotated[bytes, Meta(max_length=MAX_ARRAY_BYTES)]


class StateError(ValueError):
    """A state that this function cannot have made; the message is one line for the client."""


class PackedArray(msgspec.Struct, frozen=True):
    """A numpy array as JSON: dtype, shape, and the bytes in C order as base64.

    At most 16 MiB; little endian.
    """

    dtype: _DType
    shape: _Shape
    data: _Data

    @classmethod
    def pack(cls, array: NDArray[Any]) -> Self:
        """Pack `array`.

        Raises:
            ValueError: its dtype is unsupported, or it is too large.
        """
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        packed = {"dtype": array.dtype.name, "shape": array.shape, "data": little.tobytes()}
        try:
            return msgspec.convert(packed, cls)
        except msgspec.ValidationError as error:
            kind = f"{array.dtype} {array.shape}"
            raise ValueError(f"an array {kind} cannot be packed: {error}") from None

    def unpack(self, *, dtype: DTypeLike, shape: tuple[int | None, ...]) -> NDArray[Any]:
        """Return a writable copy of the array, if it has this dtype and shape.

        None in `shape` means any length.

        Raises:
            StateError: dtype or shape differ, the number of bytes does not match
                the shape, or it contains NaN or infinity.
        """
        expected = np.dtype(dtype)
        fits = len(shape) == len(self.shape) and all(
            wanted in (None, length) for wanted, length in zip(shape, self.shape, strict=True)
        )
        if self.dtype != expected.name or not fits:
            raise StateError(
                f"the state holds an array {self.dtype} {list(self.shape)}, "
                f"not {expected.name} {[length or 'any' for length in shape]}"
            )
        if math.prod(self.shape) * expected.itemsize != len(self.data):
            raise StateError(f"the state holds {len(self.data)} bytes for {list(self.shape)}")
        stored = np.frombuffer(self.data, expected.newbyteorder("<")).reshape(self.shape)
        array = stored.astype(expected)
        if expected.kind == "f" and not np.isfinite(array).all():
            raise StateError("the state holds an array with NaN or infinity")
        return array


class _Envelope(msgspec.Struct, frozen=True):
    """A state with the name of the function that made it."""

    function: str
    state: Any


def wrap_state(function: str, state: msgspec.Struct) -> msgspec.Struct:
    """Wrap `state` to send it to the client of `function`."""
    return _Envelope(function, state)


def unwrap_state(function: str, value: Any, state_type: type[StateT]) -> StateT:
    """Return the state from the decoded JSON that the client of `function` sent back.

    Raises:
        StateError: another function made it, or it does not fit `state_type`.
    """
    try:
        envelope = msgspec.convert(value, _Envelope)
        if envelope.function != function:
            raise StateError(f"the state was not made by {function}; start tracking again")
        return msgspec.convert(envelope.state, state_type)
    except (msgspec.ValidationError, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise StateError(f"the state is not one that {function} makes: {reason}") from None
