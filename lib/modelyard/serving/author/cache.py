"""Caches of a worker across requests, bounded in bytes.

A user who corrects a mask sends the same image with every click. Results computed
for it are cached by the digest of its file.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Final, Generic, TypeVar

import numpy as np

from modelyard.imaging import DEFAULT_LIMITS, Image, ImageLimits, decode

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

DEFAULT_IMAGE_BYTES: Final = 128 * 1024 * 1024


def array_bytes(value: object) -> int:
    """Return the size in bytes of all arrays in `value`: an array, or lists and mappings of them.

    Anything with an `nbytes` counts as an array, torch tensors included.

    Raises:
        TypeError: it contains something else.
    """
    if isinstance(value, Mapping):
        return sum(array_bytes(part) for part in value.values())
    if isinstance(value, list | tuple):
        return sum(array_bytes(part) for part in value)
    size = getattr(value, "nbytes", None)
    if not isinstance(size, int | np.integer):
        raise TypeError(f"cannot tell the size of a {type(value).__name__}; pass size_of")
    return int(size)


class ByteCache(Generic[K, V]):
    """A least-recently-used cache of at most `max_bytes`.

    `size_of` returns the size of a value in bytes, by default that of its arrays.
    A value larger than the whole cache is not kept. Not thread-safe.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[V], int] = array_bytes) -> None:
        """Create an empty cache; with 0 bytes it keeps nothing."""
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._held_bytes = 0

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._entries)

    @property
    def held_bytes(self) -> int:
        """The total size of all values."""
        return self._held_bytes

    def get(self, key: K) -> V | None:
        """Return the value of `key`, or None if it is not cached."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`; make it if it is not cached."""
        known = self.get(key)
        if known is not None:
            return known
        value = make()
        self._keep(key, value, self._size_of(value))
        return value

    def _keep(self, key: K, value: V, size: int) -> None:
        if size > self._max_bytes:
            return
        while self._held_bytes + size > self._max_bytes:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._held_bytes -= dropped
        self._entries[key] = (value, size)
        self._held_bytes += size


class ImageCache:
    """Decodes image files, each only once while it is cached."""

    def __init__(
        self, max_bytes: int = DEFAULT_IMAGE_BYTES, limits: ImageLimits = DEFAULT_LIMITS
    ) -> None:
        """Keep up to `max_bytes` of pixels; refuse files beyond `limits`."""
        self._images: ByteCache[bytes, Image] = ByteCache(max_bytes, _pixel_bytes)
        self._limits = limits

    @property
    def held_bytes(self) -> int:
        """The size of all cached pixels."""
        return self._images.held_bytes

    def decode(self, data: bytes) -> Image:
        """Return the image of an image file.

        Raises:
            ImageError: see `modelyard.imaging.decode`.
        """
        # Check the size of a hostile file before hashing it.
        if len(data) > self._limits.max_bytes:
            return decode(data, self._limits)
        digest = hashlib.sha256(data).digest()
        return self._images.get_or_make(digest, lambda: decode(data, self._limits))


def _pixel_bytes(image: Image) -> int:
    return image.pixels.nbytes
