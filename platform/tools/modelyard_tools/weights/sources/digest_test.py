"""Tests of `modelyard_tools.weights.sources.digest`."""

import hashlib
from pathlib import Path

import pytest

from modelyard_tools.weights.sources.digest import Digest


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_every_algorithm_tells_a_file_from_another(tmp_path: Path, algorithm: str) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_bytes(b"weights")
    other.write_bytes(b"Weights")
    value = hashlib.new(algorithm, b"weights").hexdigest()
    digest = Digest.parse(f"{algorithm}:{value}")
    assert digest == (algorithm, value) == Digest.of(file, algorithm)
    assert digest.fits(file)
    assert not digest.fits(other)
    assert str(digest) == f"{algorithm} {value}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 64,
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "0" * 64 + "\n",
        "sha256:" + "A" * 64,
        "sha384:" + "0" * 64,
        "sha512:" + "0" * 96,
        "md5:" + "0" * 32,
        "sha1:" + "0" * 40,
    ],
)
def test_anything_weaker_or_misspelt_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a digest; use sha256:, sha384: or sha512:"):
        Digest.parse(text)
