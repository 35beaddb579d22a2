"""The device that a model runs on."""

import os
import re
from collections.abc import Mapping
from typing import Final, Literal, Self

import msgspec

from modelyard_contract.variables import DEVICE

_PATTERN: Final = re.compile(r"(?P<kind>cpu|cuda)(?::(?P<index>[0-9]{1,3}))?")


class DeviceError(ValueError):
    """The text does not name a known device."""


class Device(msgspec.Struct, frozen=True):
    """The device to run on: "cpu", or the GPU "cuda" of that index.

    The index counts the GPUs that are visible to the process (CUDA_VISIBLE_DEVICES).
    """

    kind: Literal["cpu", "cuda"] = "cpu"
    index: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "cpu", "cuda" or "cuda:1"; case and surrounding spaces are ignored.

        Raises:
            DeviceError: it is none of these.
        """
        match = _PATTERN.fullmatch(text.strip().lower())
        if match is None or (match["kind"] == "cpu" and match["index"]):
            raise DeviceError(f"unknown device {text!r}; use cpu, cuda or cuda:<index>")
        kind: Literal["cpu", "cuda"] = "cuda" if match["kind"] == "cuda" else "cpu"
        return cls(kind, int(match["index"] or 0))

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the variable MODELYARD_DEVICE; cpu if it is unset or empty.

        Raises:
            DeviceError: its value is not a device.
        """
        value = (os.environ if env is None else env).get(DEVICE, "") or "cpu"
        try:
            return cls.parse(value)
        except DeviceError as error:
            raise DeviceError(f"{DEVICE}: {error}") from None

    def __str__(self) -> str:
        return self.kind if self.kind == "cpu" else f"{self.kind}:{self.index}"
