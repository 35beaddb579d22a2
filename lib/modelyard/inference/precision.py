"""The precision in which a CPU runs networks."""

import re
from pathlib import Path
from typing import Final, Literal

import msgspec

Precision = Literal["float32", "bfloat16"]

_FLAGS: Final = re.compile(r"^(?:flags|Features)\s*:(.*)$", re.MULTILINE)
# x86, with and without AMX, and Arm.
_BFLOAT16: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
_CPUINFO: Final = Path("/proc/cpuinfo")


class PrecisionSettings(msgspec.Struct, frozen=True):
    """The `params` of a function whose BUILD target chooses the precision.

    The default is float32, so that results do not depend on the machine.
    """

    precision: Precision = "float32"


def supported_precision(asked: Precision, cpuinfo: Path = _CPUINFO) -> Precision:
    """Return the requested precision if this CPU supports it, else float32.

    Emulating bfloat16 would be slower than float32.
    """
    return "bfloat16" if asked == "bfloat16" and _has_bfloat16(cpuinfo) else "float32"


def _has_bfloat16(cpuinfo: Path) -> bool:
    try:
        found = _FLAGS.search(cpuinfo.read_text())
    except OSError:
        return False
    return found is not None and not _BFLOAT16.isdisjoint(found[1].split())
