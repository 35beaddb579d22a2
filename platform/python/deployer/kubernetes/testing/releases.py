"""Releases as a cluster takes them, and settings of every kind for three of them."""

from typing import Any, Final

from embedded.testing.releases import FakeRelease

# Nuclio takes no body below 4 MiB.
BODY: Final = 32 * 1024 * 1024
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
    return FakeRelease(name=name, port=20000, max_body=BODY, **more)
