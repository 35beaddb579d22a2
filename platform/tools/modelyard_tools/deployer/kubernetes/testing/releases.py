"""Releases for a cluster, and settings of every kind for three of them."""

from typing import Any, Final

from modelyard_contract.limits import DEFAULT_BODY
from modelyard_contract.ports import FIRST_DERIVED
from modelyard_tools.testing.releases import FakeRelease

SETTINGS: Final = """
registry: registry.example.org/team
imagePullSecrets: regcred
defaults:
  nodeSelector: {pool: vision}
  priorityClassName: low
gpu:
  nodeSelector: {pool: gpu}
  tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
functions:
  echo: {minReplicas: 1, maxReplicas: 4, targetCPU: 60}
  idle:
    minReplicas: 0
    scaleToZero: [{metricName: nuclio_processor_handled_events_total, windowSize: 10m}]
"""


def release(name: str, **more: Any) -> FakeRelease:
    """Return a release of the function `name`; `more` are fields of `FakeRelease`."""
    return FakeRelease(name=name, port=FIRST_DERIVED, max_body=DEFAULT_BODY, **more)
