"""Reproducible wheels, so that a lock can contain their digest.

Also run by Pants' Python, which is older than that of our other code.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)  # The earliest time a zip file can store.

PURE_PYTHON = b"""\
Wheel-Version: 1.0
Generator: modelyard
Root-Is-Purelib: true
Tag: py3-none-any
"""
"""The file WHEEL of a wheel that runs anywhere."""


def write_wheel(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write a wheel of files by name; those of its `.dist-info` folder come last.

    Nothing is compressed: compressed bytes depend on the machine's zlib.
    """
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            lines.append(f"{name},sha256={digest.decode()},{len(content)}\n")
            _store(archive, name, content)
        record = f"{name.partition('/')[0]}/RECORD"
        _store(archive, record, "".join([*lines, f"{record},,\n"]).encode())


def _store(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.create_system = 3  # Unix, on whatever system this runs.
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)
