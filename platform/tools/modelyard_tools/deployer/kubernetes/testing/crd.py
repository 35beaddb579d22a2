"""What Nuclio 1.13 accepts as its objects on Kubernetes.

`DEFINITION` is the server's view: almost anything goes. `FUNCTION` is stricter: Nuclio silently
drops keys that it does not know, so every key that we write is listed here.
"""

from typing import Any, Final

_DNS: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_TEXTS: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_QUANTITY: Final = {"type": "string", "pattern": r"^\d+(\.\d+)?(m|[kMGT]i?)?$"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


DEFINITION: Final[dict[str, Any]] = {
    "type": "object",
    # A field that the definition does not declare is refused; below `spec`, any is accepted.
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata"],
    "properties": {
        "apiVersion": {"const": "nuclio.io/v1beta1"},
        "kind": {"enum": ["NuclioFunction", "NuclioProject"]},
        "metadata": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "pattern": _DNS, "maxLength": 253},
                "labels": _TEXTS,
                "annotations": _TEXTS,
            },
        },
        # x-kubernetes-preserve-unknown-fields
        "spec": {"type": "object"},
        "status": {"type": "object"},
    },
}

_TRIGGER: Final = _object(
    {
        "kind": {"const": "http"},
        # Key and name must be equal.
        "name": {"const": "http"},
        "numWorkers": {"type": "integer", "minimum": 1},
        "attributes": _object(
            {"serviceType": {"enum": ["ClusterIP", "NodePort"]}},
            {"maxRequestBodySize": {"type": "integer", "minimum": 4 * 1024 * 1024}},
        ),
    },
    {"workerAvailabilityTimeoutMilliseconds": {"type": "integer", "minimum": 0}},
)
_SCALE: Final = _object(
    {
        "metricName": {"type": "string"},
        "windowSize": {"type": "string", "pattern": r"^\d+[smh]$"},
        "threshold": {"type": "integer", "minimum": 0},
    }
)
_LIMITS: Final = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict.fromkeys(("cpu", "memory", "nvidia.com/gpu"), _QUANTITY),
}
FUNCTION: Final = _object(
    {
        "apiVersion": {"const": "nuclio.io/v1beta1"},
        "kind": {"const": "NuclioFunction"},
        "metadata": _object(
            {
                "name": {"type": "string", "pattern": _DNS, "maxLength": 56},
                "namespace": {"type": "string", "pattern": _DNS},
                # Nothing adds the project to an object that kubectl applies.
                "labels": {**_TEXTS, "required": ["nuclio.io/project-name"]},
                "annotations": {**_TEXTS, "required": ["name", "type", "spec"]},
            }
        ),
        "spec": _object(
            {
                "description": {"type": "string", "minLength": 1},
                "handler": {"type": "string", "pattern": r"^[\w.-]+:\w+$"},
                "runtime": {"type": "string", "pattern": r"^python:3\.\d+$"},
                "image": {"type": "string", "minLength": 1},
                "env": {
                    "type": "array",
                    "items": _object({"name": {"type": "string"}, "value": {"type": "string"}}),
                },
                "triggers": _object({"http": _TRIGGER}),
                "minReplicas": {"type": "integer", "minimum": 0},
                "maxReplicas": {"type": "integer", "minimum": 1},
            },
            {
                "resources": _object({"limits": _LIMITS}),
                "eventTimeout": {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h)$"},
                "targetCPU": {"type": "integer", "minimum": 1, "maximum": 100},
                "scaleToZero": _object({"scaleResources": {"type": "array", "items": _SCALE}}),
                "deploymentStrategy": _object({"type": {"enum": ["Recreate", "RollingUpdate"]}}),
                "nodeSelector": _TEXTS,
                "tolerations": {"type": "array", "items": {"type": "object"}},
                "affinity": {"type": "object"},
                "priorityClassName": {"type": "string"},
                "preemptionMode": {"enum": ["allow", "constrain", "prevent", "none"]},
                "imagePullSecrets": {"type": "string"},
            },
        ),
        # The controller handles no other state.
        "status": _object({"state": {"const": "waitingForResourceConfiguration"}}),
    }
)


def crd(kind: str) -> dict[str, Any]:
    """Return the definition of `kind` for a cluster, as free-form as Nuclio's own."""
    free: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": free, "status": free}}
    name, plural = kind.lower(), f"{kind.lower()}s"
    version = {"name": "v1beta1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.nuclio.io"},
        "spec": {
            "group": "nuclio.io",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": name},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }
