"""Releases as complete Kubernetes objects: nothing fills in or checks what kubectl applies.

Nuclio's controller handles a function only if its status says that it is waiting.
"""

import hashlib
from typing import Any, Final

import msgspec

from modelyard_contract.names import LONGEST_NAME
from modelyard_contract.nuclio import API_VERSION, FUNCTION_KIND, GPU, PREFIX
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.nuclio_config import function_config
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.kubernetes.settings import Cluster, Settings

# The annotation with the digest of the rendered object: Nuclio adds to the spec itself.
RENDERED: Final = "modelyard.io/rendered"
WAITING: Final = "waitingForResourceConfiguration"


def project(name: str, namespace: str) -> dict[str, Any]:
    """Return the project that functions belong to; CVAT lists those in `cvat`."""
    return {
        "apiVersion": API_VERSION,
        "kind": "NuclioProject",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"description": "Functions that CVAT calls"},
    }


def function(release: BuiltRelease, cluster: Cluster, namespace: str) -> dict[str, Any]:
    """Return the function of a release.

    Raises:
        DeployError: the cluster would refuse it, or its numbers of replicas make no sense.
    """
    config = function_config(release)
    metadata, spec = config["metadata"], config["spec"]
    name = str(metadata["name"])
    require_name(name)
    rendered = _spec(spec, name, cluster)
    annotations = {**(metadata.get("annotations") or {}), RENDERED: _fingerprint(rendered)}
    return {
        "apiVersion": API_VERSION,
        "kind": FUNCTION_KIND,
        "metadata": {**metadata, "namespace": namespace, "annotations": annotations},
        "spec": rendered,
        "status": {"state": WAITING},
    }


def _spec(spec: dict[str, Any], name: str, cluster: Cluster) -> dict[str, Any]:
    limits = (spec.get("resources") or {}).get("limits") or {}
    settings = cluster.settings(name, gpus=GPU in limits)
    return {
        **{key: spec[key] for key in ("description", "handler", "runtime") if key in spec},
        "image": _image(str(spec["image"]), cluster),
        "env": [_variable(each) for each in spec.get("env") or ()],
        "triggers": _triggers(spec.get("triggers") or {}, settings),
        **{key: spec[key] for key in ("resources", "eventTimeout") if spec.get(key)},
        **_replicas(name, settings),
        **_strategy(settings, gpus=GPU in limits),
        **_placement(settings),
        **({"imagePullSecrets": cluster.image_pull_secrets} if _secret(cluster) else {}),
    }


def _fingerprint(spec: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(spec, order="sorted")).hexdigest()[:16]


def config_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return an object as a configuration: without bookkeeping, status and namespace."""
    metadata = item["metadata"]
    kept = {key: metadata[key] for key in ("name", "labels", "annotations") if key in metadata}
    return {key: item[key] for key in ("apiVersion", "kind")} | {
        "metadata": kept,
        "spec": item["spec"],
    }


def waiting(config: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return a configuration as an object that the controller will handle."""
    item = config_of(config)
    item["metadata"] = {**item["metadata"], "namespace": namespace}
    return {**item, "status": {"state": WAITING}}


def names_registry(image: str) -> bool:
    """Whether an image name begins with the host of a registry."""
    host, slash, _ = image.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")


def require_name(name: str) -> None:
    """Raise `DeployError` for a name that is too long with Nuclio's prefix."""
    if len(PREFIX) + len(name) > LONGEST_NAME:
        raise DeployError(
            f"{name} has {len(name)} characters; on Kubernetes, Nuclio prepends {PREFIX}, "
            f"and at most {LONGEST_NAME} are allowed: give it a function_name of at most "
            f"{LONGEST_NAME - len(PREFIX)}"
        )


def _image(image: str, cluster: Cluster) -> str:
    """Return the image's name in the cluster's registry, unless it names one itself."""
    if not cluster.registry or names_registry(image):
        return image
    return f"{cluster.registry.rstrip('/')}/{image.rpartition('/')[2]}"


def _secret(cluster: Cluster) -> bool:
    return bool(cluster.image_pull_secrets)


def _variable(variable: dict[str, Any]) -> dict[str, Any]:
    """Return a variable with its value escaped, since Kubernetes expands `$(NAME)`."""
    return {**variable, "value": str(variable["value"]).replace("$", "$$")}


def _triggers(triggers: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the HTTP trigger, without the host's port, which has no meaning here."""
    http: dict[str, Any] = next(
        (each for each in triggers.values() if each.get("kind") == "http"), {}
    )
    attributes = {k: v for k, v in (http.get("attributes") or {}).items() if k != "port"}
    return {
        "http": {
            **http,
            "name": "http",
            "kind": "http",
            "numWorkers": http.get("numWorkers", 1),
            "attributes": {"serviceType": settings.service_type or "ClusterIP", **attributes},
        }
    }


def _replicas(name: str, settings: Settings) -> dict[str, Any]:
    least = 1 if settings.min_replicas is None else settings.min_replicas
    most = max(least, 1) if settings.max_replicas is None else settings.max_replicas
    if least > most:
        raise DeployError(f"{name}: minReplicas is {least}, but maxReplicas is {most}")
    if least == 0 and not settings.scale_to_zero:
        raise DeployError(
            f"{name}: minReplicas is 0, but nothing defines when it is idle; add scaleToZero, "
            "such as [{metricName: nuclio_processor_handled_events_total, windowSize: 10m}]"
        )
    scaled = {"minReplicas": least, "maxReplicas": most}
    if least < most:
        scaled["targetCPU"] = settings.target_cpu or 75
    if not settings.scale_to_zero:
        return scaled
    resources = [msgspec.to_builtins(each) for each in settings.scale_to_zero]
    return {**scaled, "scaleToZero": {"scaleResources": resources}}


def _strategy(settings: Settings, *, gpus: bool) -> dict[str, Any]:
    # A rolling update would wait for a second GPU that is not available.
    kind = settings.strategy or ("Recreate" if gpus else "")
    return {"deploymentStrategy": {"type": kind}} if kind else {}


def _placement(settings: Settings) -> dict[str, Any]:
    wanted = {
        "nodeSelector": settings.node_selector,
        "tolerations": settings.tolerations,
        "affinity": settings.affinity,
        "priorityClassName": settings.priority_class,
        "preemptionMode": settings.preemption_mode,
    }
    return {key: value for key, value in wanted.items() if value}
