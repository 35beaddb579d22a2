"""Expected values are those of Kubernetes' documentation of quantities: powers of 1000 and 1024."""

from fractions import Fraction

import pytest

from modelyard_contract.quantities import QuantityError, cores, memory_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("1k", 1000),
        ("1Ki", 1024),
        ("1.5k", 1500),
        ("512Mi", 512 << 20),
        ("1.5Gi", 3 << 29),
        ("2T", 2 * 10**12),
        ("0.0001k", 1),
    ],
)
def test_memory_is_counted_in_bytes(text: str, size: int) -> None:
    assert memory_bytes(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0Mi",
        "-1Gi",
        "1e3Mi",
        "1 Gi",
        "Gi",
        "2gi",
        "2GB",
        "1Pb",
        "2m",
        "lots",
        "²",
        "1" * 30,
    ],
)
def test_what_is_not_an_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="not an amount of memory"):
        memory_bytes(text)


@pytest.mark.parametrize(
    ("text", "number"), [("2", Fraction(2)), ("0.5", Fraction(1, 2)), ("250m", Fraction(1, 4))]
)
def test_cores_may_be_fractions(text: str, number: Fraction) -> None:
    assert cores(text) == number


@pytest.mark.parametrize(
    "text", ["", "0", "0m", "two", "2Gi", "2 m", "-1", "1e3", "nan", "²", "1" * 30]
)
def test_what_is_not_a_number_of_cores_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="not a number of cores"):
        cores(text)
