"""What the dashboard API tells about a function."""

from typing import Any

from modelyard_tools.embedded.function import Function


def describe(function: Function) -> dict[str, Any]:
    """Return Nuclio's `{metadata, spec, status}` of the version that serves, or should."""
    config, urls = function.config, function.urls
    return {
        "metadata": config.raw.metadata | {"namespace": config.namespace},
        "spec": config.raw.spec,
        "status": {
            "state": function.state,
            "message": function.last.message if function.last else "",
            "httpPort": function.port,
            "containerImage": config.image,
            "internalInvocationUrls": urls[:1],
            "externalInvocationUrls": urls[-1:],
            "logs": [],
            "scaleToZero": {},
            "apiGateways": [],
            "lastDeployment": function.last,
            "workers": _workers(function),
            "resources": _resources(function),
        },
    }


def _workers(function: Function) -> dict[str, Any]:
    pool = function.pool
    return {
        "ready": pool.ready if pool else 0,
        "busy": pool.busy if pool else 0,
        "restarts": function.restarts,
        "pids": sorted(pool.pids) if pool else [],
    }


def _resources(function: Function) -> dict[str, Any]:
    """Return the limits of the serving version, and how they are enforced."""
    instance = function.instance
    lease = instance.lease if instance else None
    return {
        "memoryBytes": function.config.limits.memory,
        "cpus": function.config.limits.cpus,
        "enforcedBy": instance.confinement.means if instance else None,
        "gpus": lease.uuids if lease else (),
    }
