"""The precision requested, and what the CPU supports."""

from pathlib import Path

import pytest

from modelyard.inference.precision import PrecisionSettings, supported_precision

PLAIN = "model name\t: bf16 in its name only\nflags\t\t: fpu avx512f avx512_vnni\n"


@pytest.mark.parametrize(
    "text",
    [
        "processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 clzero\nbugs\t: none\n",
        "flags\t\t: fpu amx_bf16 amx_tile\n",
        "Features\t: fp asimd i8mm bf16\nCPU implementer\t: 0x41\n",
    ],
)
def test_bfloat16_is_taken_where_the_processor_has_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    assert supported_precision("bfloat16", file) == "bfloat16"
    assert supported_precision("float32", file) == "float32"


def test_elsewhere_bfloat16_is_not_imitated(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    assert supported_precision("bfloat16", file) == "float32"
    file.write_text(PLAIN)
    assert supported_precision("bfloat16", file) == "float32"


def test_float32_is_the_default() -> None:
    assert PrecisionSettings() == PrecisionSettings("float32")
