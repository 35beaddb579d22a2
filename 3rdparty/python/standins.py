"""Writes the empty wheels that stand in for packages we must not have: see wheels/README.md.

The same bytes come out every time, so that a lock can hold their digest.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)  # Zip files know nothing before.


@dataclass(frozen=True)
class StandIn:
    """A distribution without any module: it satisfies a requirement and does nothing."""

    name: str
    version: str
    summary: str

    @property
    def wheel_name(self) -> str:
        return f"{self._stem}-py3-none-any.whl"

    @property
    def _stem(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}"

    def files(self) -> Iterator[tuple[str, bytes]]:
        folder = f"{self._stem}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        yield f"{folder}/METADATA", f"{metadata}Summary: {self.summary}\n".encode()
        wheel = "Wheel-Version: 1.0\nGenerator: modelyard\nRoot-Is-Purelib: true\n"
        yield f"{folder}/WHEEL", f"{wheel}Tag: py3-none-any\n".encode()

    def write(self, folder: Path) -> Path:
        """Writes the wheel into `folder` and returns its path."""
        path = folder / self.wheel_name
        record = f"{self._stem}.dist-info/RECORD"
        lines = []
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name, content in self.files():
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
                lines.append(f"{name},sha256={digest.decode()},{len(content)}\n")
                _store(archive, name, content)
            _store(archive, record, "".join([*lines, f"{record},,\n"]).encode())
        return path


def _store(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.create_system = 3  # Unix, on whatever system this runs.
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


STAND_INS = (
    StandIn(
        "openvino-telemetry",
        "2025.2.0+absent",
        "Stands in for OpenVINO's telemetry, which this repository does without.",
    ),
)
