"""`processor.yaml`: configures Nuclio's processor for running without a platform.

A platform would fill in defaults and set the environment; the bare processor does neither. So the
trigger is complete, and the variables are in a separate file, `processor.env`.
"""

from __future__ import annotations

from typing import Any

from modelyard_contract.nuclio import CVAT_PROJECT, DEFAULT_HANDLER, PROJECT_LABEL, RUNTIME
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio import parts
from modelyard_pants.nuclio.yaml_text import Quoted, render_yaml


def processor_config(spec: FunctionSpec) -> dict[str, Any]:
    return {
        "metadata": {"name": spec.name, "labels": {PROJECT_LABEL: CVAT_PROJECT}},
        "spec": {
            "description": Quoted(spec.description),
            "handler": DEFAULT_HANDLER,
            "runtime": RUNTIME,
            # Only the host itself may reach a function that no platform protects.
            "triggers": parts.http_trigger(spec, {}, url=Quoted(f"127.0.0.1:{spec.port}")),
            **parts.event_timeout(spec),
        },
    }


def processor_files(spec: FunctionSpec) -> dict[str, bytes]:
    """`processor.yaml`, and `processor.env` if the function has variables, by name."""
    files = {spec.file_name("processor"): render_yaml(processor_config(spec))}
    if spec.environment:
        lines = (f"{name}={value}\n" for name, value in spec.environment.items())
        files[spec.file_name("processor", "env")] = "".join(lines).encode()
    return files
