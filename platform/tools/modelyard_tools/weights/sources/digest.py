"""Digests as publishers state them."""

import hashlib
import re
from pathlib import Path
from typing import Final, NamedTuple, Self

_PATTERN: Final = re.compile(
    r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})", re.ASCII
)


class Digest(NamedTuple):
    """The digest of a file's content.

    Attributes:
        algorithm: sha256, sha384 or sha512.
        value: Its hex digits, in lower case.
    """

    algorithm: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "sha384:<96 hex digits>", or the same of sha256 or sha512.

        Raises:
            ValueError: it is anything else.
        """
        if not _PATTERN.fullmatch(text):
            raise ValueError(
                f"{text!r} is not a digest; use sha256:, sha384: or sha512: and its hex digits "
                "in lower case"
            )
        algorithm, _, value = text.partition(":")
        return cls(algorithm, value)

    @classmethod
    def of(cls, path: Path, algorithm: str = "sha256") -> Self:
        """Compute the digest of a file."""
        with path.open("rb") as file:
            return cls(algorithm, hashlib.file_digest(file, algorithm).hexdigest())

    def fits(self, path: Path) -> bool:
        """Whether this is the digest of a file."""
        return self == Digest.of(path, self.algorithm)

    def __str__(self) -> str:
        return f"{self.algorithm} {self.value}"
