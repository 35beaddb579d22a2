"""Keeps freed memory for a network's next feature maps."""

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
    """Keep up to 256 MiB of freed memory for later allocations.

    The GNU C library returns large blocks to the system at once, and gets them back page by page,
    each zeroed: up to a quarter of a network's time. Blocks above 32 MiB are still returned. Does
    nothing on other C libraries, or if a variable MALLOC_... configures this.
    """
    if any(name.startswith(_SETTINGS) for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        # Setting only one of them would fix the other at its small default.
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
