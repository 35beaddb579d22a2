"""In which precision a processor runs networks."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

Precision = Literal["float32", "bfloat16"]

PARAMETER: Final = "precision"
"""The name of the setting in `params` of a function or of one of its variants."""

_FLAGS: Final = re.compile(r"^(?:flags|Features)\s*:(.*)$", re.MULTILINE)
# Of x86, with and without AMX, and of Arm.
_BFLOAT16: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
_CPUINFO: Final = Path("/proc/cpuinfo")


def precision_in(params: Mapping[str, Any], cpuinfo: Path = _CPUINFO) -> Precision:
    """Return the precision that a function's `params` ask for, as far as this processor has it.

    Without a word it is float32, for the answers shall not hang on the machine. Where bfloat16
    is asked for and the processor has no instructions for it, it is float32 too: bfloat16 would
    be imitated there, which is slower.

    Raises:
        ValueError: they ask for another.
    """
    match params.get(PARAMETER, "float32"):
        case "float32":
            return "float32"
        case "bfloat16":
            return "bfloat16" if _has_bfloat16(cpuinfo) else "float32"
        case other:
            raise ValueError(f"params: {PARAMETER} must be float32 or bfloat16, not {other!r}")


def _has_bfloat16(cpuinfo: Path) -> bool:
    try:
        found = _FLAGS.search(cpuinfo.read_text())
    except OSError:
        return False
    return found is not None and not _BFLOAT16.isdisjoint(found[1].split())
