"""The caches keep recently used values, within their size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.imaging import ImageError, ImageLimits
from modelyard.serving.author.cache import ByteCache, ImageCache, array_bytes
from modelyard.serving.protocol.sample import sample_png


def test_a_value_is_made_once() -> None:
    cache: ByteCache[str, bytes] = ByteCache(10, len)
    made: list[str] = []

    def make(text: str) -> bytes:
        made.append(text)
        return text.encode()

    for key in ("ab", "cd", "ab", "ab"):
        assert cache.get_or_make(key, lambda key=key: make(key)) == key.encode()  # type: ignore[misc]
    assert made == ["ab", "cd"]


def test_the_least_recently_used_value_is_evicted_first() -> None:
    cache: ByteCache[str, bytes] = ByteCache(3, len)
    for key in "abc":
        cache.get_or_make(key, lambda: b"x")
    cache.get_or_make("a", lambda: pytest.fail("a is still there"))
    cache.get_or_make("d", lambda: b"x")
    cache.get_or_make("a", lambda: pytest.fail("b was to go"))
    assert cache.get_or_make("b", lambda: b"y") == b"y"


def test_what_is_too_large_is_not_kept_and_displaces_nothing() -> None:
    cache: ByteCache[str, bytes] = ByteCache(3, len)
    cache.get_or_make("a", lambda: b"x")
    assert cache.get_or_make("b", lambda: b"wxyz") == b"wxyz"
    assert (len(cache), cache.held_bytes) == (1, 1)


def test_a_failure_leaves_no_trace() -> None:
    cache: ByteCache[str, bytes] = ByteCache(3, len)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("a", lambda: bytes(1 // 0))
    assert (len(cache), cache.held_bytes) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12))), st.integers(0, 20))
def test_it_never_holds_too_much(uses: list[tuple[int, int]], limit: int) -> None:
    cache: ByteCache[int, bytes] = ByteCache(limit, len)
    for key, size in uses:
        cache.get_or_make(key, lambda size=size: bytes(size))  # type: ignore[misc]
        assert cache.held_bytes <= limit


def test_the_size_of_nested_arrays() -> None:
    array = np.zeros((2, 3), np.float32)
    assert array_bytes(array) == 24
    assert array_bytes([array, {"a": array, "b": (array, [])}]) == 72
    with pytest.raises(TypeError, match="size of a str"):
        array_bytes([array, "text"])


def test_an_image_is_decoded_once() -> None:
    images = ImageCache()
    first = images.decode(sample_png())
    assert images.decode(bytes(bytearray(sample_png()))) is first
    assert images.held_bytes == 160 * 120 * 3


def test_without_room_images_are_decoded_each_time() -> None:
    images = ImageCache(0)
    first = images.decode(sample_png())
    second = images.decode(sample_png())
    assert first is not second
    assert np.array_equal(first.pixels, second.pixels)


def test_the_limits_hold_and_failures_are_not_remembered() -> None:
    images = ImageCache(limits=ImageLimits(max_bytes=100))
    for _ in range(2):
        with pytest.raises(ImageError, match="at most 100"):
            images.decode(sample_png())
    with pytest.raises(ImageError, match="not an image"):
        ImageCache().decode(b"text")
    assert images.held_bytes == 0
