"""`kubernetes.yaml`: the function as an object for `kubectl apply` or GitOps.

Nuclio's controller handles an object only if its status is waiting, and does not fill in what nuctl
or the dashboard would: project, trigger and replicas are all set here.
"""

from __future__ import annotations

from typing import Any

from modelyard_contract.nuclio import DEFAULT_HANDLER, RUNTIME
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio import parts
from modelyard_pants.nuclio.size import require_fit
from modelyard_pants.nuclio.yaml_text import Quoted, render_yaml


def kubernetes_object(spec: FunctionSpec) -> dict[str, Any]:
    return {
        **parts.OBJECT,
        "metadata": parts.metadata(spec),
        "spec": {
            "description": Quoted(spec.description),
            "handler": DEFAULT_HANDLER,
            "runtime": RUNTIME,
            "image": spec.image,
            "minReplicas": 1,
            "maxReplicas": 1,
            "env": parts.env(_escaped(spec.environment)),
            # A host port has no meaning here: CVAT gets the service from the dashboard.
            "triggers": parts.http_trigger(spec, {"serviceType": "ClusterIP"}, name="http"),
            **parts.limits(spec),
            **_strategy(spec),
            **parts.event_timeout(spec),
        },
        "status": {"state": "waitingForResourceConfiguration"},
    }


def kubernetes_files(spec: FunctionSpec) -> dict[str, bytes]:
    """`kubernetes.yaml`, or `kubernetes-<variant>.yaml`, by name.

    Raises `SpecTooLarge`: a function must also fit Nuclio on Docker.
    """
    document = kubernetes_object(spec)
    require_fit(document)
    return {spec.file_name("kubernetes"): render_yaml(document)}


def _escaped(variables: dict[str, str]) -> dict[str, str]:
    """Kubernetes replaces `$(NAME)` in values, and takes `$$` for one `$`."""
    return {name: value.replace("$", "$$") for name, value in variables.items()}


def _strategy(spec: FunctionSpec) -> dict[str, Any]:
    # A rolling update would wait for a second GPU that nobody has.
    return {"deploymentStrategy": {"type": "Recreate"}} if spec.gpus else {}
