"""Writes the empty wheels that replace packages we must not install: see wheels/README.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wheel_file import PURE_PYTHON, write_wheel


@dataclass(frozen=True)
class StandIn:
    """A distribution without modules: it satisfies a requirement and does nothing."""

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
        yield f"{folder}/WHEEL", PURE_PYTHON

    def write(self, folder: Path) -> Path:
        """Writes the wheel into `folder` and returns its path."""
        path = folder / self.wheel_name
        write_wheel(path, self.files())
        return path


STAND_INS = (
    StandIn(
        "openvino-telemetry",
        "2025.2.0+absent",
        "Stands in for OpenVINO's telemetry, which this repository does without.",
    ),
)
