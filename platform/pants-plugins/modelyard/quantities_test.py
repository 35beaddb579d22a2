from __future__ import annotations

from fractions import Fraction

import pytest

from modelyard.quantities import QuantityError, cores, memory_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [("1k", 1000), ("1Ki", 1024), ("512Mi", 512 << 20), ("1.5Gi", 3 << 29), ("2T", 2 * 10**12)],
)
def test_memory_is_counted_in_bytes(text: str, size: int) -> None:
    assert memory_bytes(text) == size


@pytest.mark.parametrize(
    "text", ["", "2", "2m", "2 Gi", "2gi", "2GB", "-1Gi", "1e3Mi", "Gi", "lots"]
)
def test_memory_without_a_unit_that_means_bytes_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="Ki, Mi, Gi, Ti"):
        memory_bytes(text)


@pytest.mark.parametrize(
    ("text", "number"), [("2", Fraction(2)), ("0.5", Fraction(1, 2)), ("250m", Fraction(1, 4))]
)
def test_cores_may_be_parts(text: str, number: Fraction) -> None:
    assert cores(text) == number


@pytest.mark.parametrize("text", ["", "two", "2Gi", "2 m", "-1", "1e3", "nan"])
def test_what_is_no_number_of_cores_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="such as `2`"):
        cores(text)
