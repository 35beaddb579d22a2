"""A tracker's state survives the round trip through the client; a forged one is refused."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modelyard.serving.author.state import (
    MAX_ARRAY_BYTES,
    PackedArray,
    StateError,
    unwrap_state,
    wrap_state,
)

DTYPES = ("bool", "uint8", "int32", "int64", "float16", "float32", "float64")


class State(msgspec.Struct):
    template: PackedArray
    frame: int
    name: str = ""


def there_and_back(state: msgspec.Struct) -> Any:
    """Return the decoded JSON that a client would send back."""
    return msgspec.json.decode(msgspec.json.encode(wrap_state("f", state)))


finite = {"allow_nan": False, "allow_infinity": False}


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda name: hnp.arrays(
            name,
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
            elements=finite if name.startswith("float") else None,
        )
    )
)
def test_arrays_survive(array: np.ndarray[Any, Any]) -> None:
    value = there_and_back(State(PackedArray.pack(array), 3, "x"))
    state = unwrap_state("f", value, State)
    unpacked = state.template.unpack(dtype=array.dtype, shape=array.shape)
    assert np.array_equal(unpacked, array)
    assert unpacked.dtype == array.dtype
    assert unpacked.flags.writeable
    assert (state.frame, state.name) == (3, "x")


def test_arrays_in_another_order_survive() -> None:
    array = np.arange(24, dtype=">i4").reshape(2, 3, 4).transpose(2, 0, 1)[::2]
    unpacked = PackedArray.pack(array).unpack(dtype=np.int32, shape=(None, 2, 3))
    assert np.array_equal(unpacked, array)


@pytest.mark.parametrize(
    "array",
    [np.array([object()]), np.zeros(3, np.complex64), np.zeros(MAX_ARRAY_BYTES + 1, np.uint8)],
)
def test_some_arrays_cannot_be_packed(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be packed"):
        PackedArray.pack(array)


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("float64", (2, 3)), ("float32", (3, 2)), ("float32", (6,)), ("float32", (2, 3, None))],
)
def test_another_array_than_expected_is_refused(dtype: str, shape: tuple[int | None, ...]) -> None:
    packed = PackedArray.pack(np.zeros((2, 3), np.float32))
    with pytest.raises(StateError, match=r"float32 \[2, 3\], not"):
        packed.unpack(dtype=dtype, shape=shape)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(bad: float) -> None:
    packed = PackedArray.pack(np.array([1, bad], np.float32))
    with pytest.raises(StateError, match="NaN or infinity"):
        packed.unpack(dtype=np.float32, shape=(None,))


def test_the_bytes_must_be_those_of_the_shape() -> None:
    packed = PackedArray("uint8", (2**31, 2**31), b"few")
    with pytest.raises(StateError, match="holds 3 bytes"):
        packed.unpack(dtype=np.uint8, shape=(None, None))


def test_the_state_of_another_function_is_refused() -> None:
    value = there_and_back(State(PackedArray.pack(np.zeros(1)), 0))
    with pytest.raises(StateError, match="not made by g"):
        unwrap_state("g", value, State)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_noise_is_refused(value: Any) -> None:
    for noise in (value, {"function": "f", "state": value}):
        with pytest.raises(StateError, match=r"not one that f makes|not made by f"):
            unwrap_state("f", noise, State)


def test_a_refusal_is_one_line_even_for_surrogates() -> None:
    value = {"function": "f", "state": {"frame": 1, "template": {"data": "\ud800"}}}
    with pytest.raises(StateError) as caught:
        unwrap_state("f", value, State)
    assert "\n" not in str(caught.value)
