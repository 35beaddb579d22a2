"""Memory that a network's maps take turns in, kept from one map to the next."""

import ctypes
import os
from typing import Final

from modelyard_contract.limits import MIB

# <malloc.h>
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_SETTINGS: Final = "MALLOC_"

# The most that the GNU C library accepts.
_LARGEST_KEPT: Final = 32 * MIB
_MOST_KEPT: Final = 256 * MIB


def keep_freed_memory() -> None:
    """Keep up to 256 MiB of freed memory for what is allocated next.

    The GNU C library gives large pieces back to the system at once, and gets them again page by
    page, each filled with zeros: up to a quarter of a network's time. Pieces above 32 MiB still
    go that way. Does nothing on other C libraries, or where a variable MALLOC_... says what is
    to be kept.
    """
    if any(name.startswith(_SETTINGS) for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        # Setting one of them alone would fix the other at its small default.
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
