"""The pieces that several renderings of a function share."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

from modelyard_contract.nuclio import API_VERSION, CVAT_PROJECT, FUNCTION_KIND, GPU, PROJECT_LABEL
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio.yaml_text import Quoted

OBJECT = {"apiVersion": API_VERSION, "kind": FUNCTION_KIND}


def metadata(spec: FunctionSpec) -> dict[str, Any]:
    """Name, project and CVAT's annotations, all quoted strings."""
    annotations = {
        "name": spec.display_name,
        "type": spec.type,
        "spec": labels_json(spec.labels),
        **dict(sorted(spec.annotations.items())),
    }
    return {
        "name": spec.name,
        "labels": {PROJECT_LABEL: CVAT_PROJECT},
        "annotations": {key: Quoted(value) for key, value in annotations.items()},
    }


def labels_json(labels: Sequence[Mapping[str, Any]]) -> str:
    """One label per line, so that diffs are readable and small."""
    if not labels:
        return ""
    lines = (json.dumps(label, ensure_ascii=False) for label in labels)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def env(variables: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": Quoted(value)} for name, value in variables.items()]


def http_trigger(spec: FunctionSpec, attributes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The function's only trigger; `more` are keys of the trigger besides its attributes."""
    return {
        "http": {
            "kind": "http",
            **more,
            "numWorkers": spec.workers,
            "workerAvailabilityTimeoutMilliseconds": round(spec.availability_timeout * 1000),
            "attributes": {**attributes, "maxRequestBodySize": spec.max_body},
        }
    }


def limits(spec: FunctionSpec) -> dict[str, Any]:
    """`resources`, empty for a function without limits."""
    wanted = {
        "cpu": spec.cpus,
        "memory": spec.memory,
        GPU: str(spec.gpus) if spec.gpus else None,
    }
    given = {name: quantity for name, quantity in wanted.items() if quantity}
    return {"resources": {"limits": given}} if given else {}


def event_timeout(spec: FunctionSpec) -> dict[str, str]:
    """`eventTimeout` in Go's notation, empty for a function without one."""
    return {} if spec.event_timeout is None else {"eventTimeout": f"{spec.event_timeout:g}s"}


def restart_policy() -> dict[str, Any]:
    """Nuclio itself does not restart containers, neither after a reboot nor if a worker dies."""
    return {"platform": {"attributes": {"restartPolicy": {"name": "unless-stopped"}}}}
