"""The Nuclio configuration of one function, from plain data to deterministic bytes.

Pure Python: no Pants imports. Key order is fixed by construction, so the same function always
renders to the same bytes. Only keys that Nuclio 1.13 reads are written: its parser drops unknown
ones silently.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

import yaml

RUNTIME = "python:3.11"
HANDLER = "serving.nuclio:handler"
PROJECT = "cvat"

# The docker command line that carries the whole spec is one shell argument, which Linux caps at
# 131071 bytes; base64 and the second copy in a container label leave about this much.
MAX_RENDERED_BYTES = 80_000


class SpecTooLarge(ValueError):
    """The rendered configuration would not fit Nuclio's docker command line."""


@dataclass(frozen=True)
class FunctionSpec:
    """One variant of a function, in the terms of CVAT and Nuclio.

    `annotations` holds CVAT's optional keys beyond name, type and spec, already as strings.
    Times are seconds, sizes bytes, `memory` a Kubernetes quantity such as `2Gi`.
    """

    name: str
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


def function_config(spec: FunctionSpec) -> dict[str, Any]:
    """The function as Nuclio's `{metadata, spec}` object for a prebuilt image (no `build` keys)."""
    return {
        "apiVersion": "nuclio.io/v1beta1",
        "kind": "NuclioFunction",
        "metadata": {
            "name": spec.name,
            "labels": {"nuclio.io/project-name": PROJECT},
            "annotations": {
                "name": spec.display_name,
                "type": spec.type,
                "spec": _labels_json(spec.labels),
                **{key: spec.annotations[key] for key in sorted(spec.annotations)},
            },
        },
        "spec": {
            "description": spec.description,
            "handler": HANDLER,
            "runtime": RUNTIME,
            "image": spec.image,
            "env": [{"name": key, "value": spec.env[key]} for key in sorted(spec.env)],
            "triggers": {"http": _http_trigger(spec)},
            **_optional(spec),
        },
    }


def render_function_yaml(spec: FunctionSpec) -> bytes:
    """`function.yaml` as UTF-8 bytes. Raises `SpecTooLarge` beyond Nuclio's command-line limit."""
    text = yaml.dump(
        function_config(spec),
        Dumper=_BlockStyleDumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    rendered = text.encode()
    if len(rendered) > MAX_RENDERED_BYTES:
        raise SpecTooLarge(
            f"renders to {len(rendered)} bytes, but Nuclio's docker platform takes about "
            f"{MAX_RENDERED_BYTES}; shorten the label set or its attribute values"
        )
    return rendered


def _http_trigger(spec: FunctionSpec) -> dict[str, Any]:
    return {
        "kind": "http",
        "numWorkers": spec.workers,
        "workerAvailabilityTimeoutMilliseconds": round(spec.availability_timeout * 1000),
        "attributes": {"port": spec.port, "maxRequestBodySize": spec.max_body},
    }


def _optional(spec: FunctionSpec) -> dict[str, Any]:
    optional: dict[str, Any] = {}
    limits: dict[str, str] = {}
    if spec.cpus:
        limits["cpu"] = spec.cpus
    if spec.memory:
        limits["memory"] = spec.memory
    if spec.gpus:
        limits["nvidia.com/gpu"] = str(spec.gpus)
    if limits:
        optional["resources"] = {"limits": limits}
    if spec.event_timeout is not None:
        optional["eventTimeout"] = f"{spec.event_timeout:g}s"
    return optional


def _labels_json(labels: Sequence[Mapping[str, Any]]) -> str:
    """One label a line: readable in review, and small differences stay small."""
    if not labels:
        return ""
    lines = (json.dumps(label, ensure_ascii=False) for label in labels)
    return "[\n" + ",\n".join(lines) + "\n]\n"


class _BlockStyleDumper(yaml.SafeDumper):
    """Strings with line breaks as literal blocks, and all annotation-like strings quoted."""


def _represent_str(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_BlockStyleDumper.add_representer(str, _represent_str)
