"""Settings of a cluster for functions, beyond those in BUILD files: `--cluster FILE`.

```yaml
registry: registry.example.org/team
imagePullSecrets: regcred
defaults:
  nodeSelector: {pool: vision}
gpu:
  tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
functions:
  coco-ssd: {minReplicas: 1, maxReplicas: 4, targetCPU: 60}
```
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from modelyard_tools.deployer.core.errors import DeployError

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]


class ScaleResource(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """When Nuclio stops an idle function: how long the metric stays at or below `threshold`."""

    metric_name: str
    window_size: str
    threshold: Count = 0


class Settings(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={
        "node_selector": "nodeSelector",
        "priority_class": "priorityClassName",
        "preemption_mode": "preemptionMode",
        "min_replicas": "minReplicas",
        "max_replicas": "maxReplicas",
        "target_cpu": "targetCPU",
        "scale_to_zero": "scaleToZero",
        "strategy": "deploymentStrategy",
        "service_type": "serviceType",
    },
):
    """Settings of some functions; those not set (None) are left to more general ones."""

    node_selector: dict[str, str] | None = None
    tolerations: list[dict[str, Any]] | None = None
    affinity: dict[str, Any] | None = None
    priority_class: str | None = None
    preemption_mode: str | None = None
    min_replicas: Count | None = None
    max_replicas: Positive | None = None
    target_cpu: Percent | None = None
    scale_to_zero: list[ScaleResource] | None = None
    strategy: str | None = None
    service_type: str | None = None


class Cluster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings for every function, those with a GPU, and single ones, which take precedence."""

    registry: str = ""
    image_pull_secrets: str = msgspec.field(default="", name="imagePullSecrets")
    defaults: Settings = Settings()
    gpu: Settings = Settings()
    functions: dict[str, Settings] = {}

    def settings(self, name: str, *, gpus: bool) -> Settings:
        """Return the settings that apply to one function."""
        chosen = self.defaults
        for wider in (self.gpu if gpus else Settings(), self.functions.get(name, Settings())):
            given = {k: v for k, v in msgspec.structs.asdict(wider).items() if v is not None}
            chosen = msgspec.structs.replace(chosen, **given)
        return chosen


def read_cluster(file: Path | None) -> Cluster:
    """Read the settings; empty without a file.

    Raises:
        DeployError: it cannot be read, or has an unknown setting.
    """
    if file is None:
        return Cluster()
    try:
        return msgspec.yaml.decode(file.read_bytes() or b"{}", type=Cluster)
    except OSError as error:
        raise DeployError(f"cannot read {file}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise DeployError(f"{file}: {' '.join(str(error).split())}") from None
