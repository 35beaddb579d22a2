"""One variant of a function as plain data, the source of every rendering."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from modelyard_contract import variables

# The variant that CVAT users know as plain `function.yaml`; files of others include their name.
_PLAIN_VARIANT = "cpu"


@dataclass(frozen=True)
class FunctionSpec:
    """One variant of a function, in the terms of CVAT and Nuclio.

    `annotations` holds CVAT's optional keys beyond name, type and spec, already as strings. Times
    are in seconds, sizes in bytes; `gpu_memory` is in bytes, per worker and GPU; `memory` and
    `cpus` are Kubernetes quantities such as `2Gi`.
    """

    name: str
    variant: str
    display_name: str
    description: str
    type: str
    image: str
    labels: Sequence[Mapping[str, Any]]
    port: int
    workers: int
    max_body: int
    event_timeout: float | None
    availability_timeout: float
    annotations: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    memory: str | None = None
    cpus: str | None = None
    gpus: int = 0
    gpu_memory: int | None = None

    def file_name(self, stem: str, extension: str = "yaml") -> str:
        """`function.yaml` for the variant cpu, `function-gpu.yaml` for gpu."""
        suffix = "" if self.variant == _PLAIN_VARIANT else f"-{self.variant}"
        return f"{stem}{suffix}.{extension}"

    @property
    def environment(self) -> dict[str, str]:
        """The author's variables and ours, in alphabetical order."""
        device = {variables.DEVICE: "cuda"} if self.gpus else {}
        limit = {variables.GPU_MEMORY: str(self.gpu_memory)} if self.gpu_memory else {}
        return dict(sorted({**self.env, **device, **limit}.items()))
