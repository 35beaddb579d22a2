"""Amounts as Kubernetes writes them."""

import pytest

from embedded.quantity import parse_bytes, parse_cores


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("512Mi", 512 * 1024**2), ("2Gi", 2 * 1024**3), ("1.5k", 1500), ("3T", 3 * 10**12)],
)
def test_memory(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(("text", "cores"), [("2", 2.0), ("0.5", 0.5), ("500m", 0.5)])
def test_cores(text: str, cores: float) -> None:
    assert parse_cores(text) == pytest.approx(cores)


@pytest.mark.parametrize("text", ["", "0", "0Mi", "-1", "1e3", "1 Gi", "Gi", "1Pb", "1m", "²"])
def test_what_is_no_memory(text: str) -> None:
    with pytest.raises(ValueError, match="no amount of memory"):
        parse_bytes(text)


@pytest.mark.parametrize("text", ["", "0", "0m", "-1", "1Gi", "nan", "1" * 30])
def test_what_is_no_number_of_cores(text: str) -> None:
    with pytest.raises(ValueError, match="no number of cores"):
        parse_cores(text)
