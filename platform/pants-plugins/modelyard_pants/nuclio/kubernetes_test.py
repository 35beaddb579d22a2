from __future__ import annotations

import dataclasses

import yaml

from modelyard_pants.nuclio.kubernetes import kubernetes_files
from modelyard_pants.nuclio.testing.spec import SPEC

GOLDEN = """\
apiVersion: nuclio.io/v1beta1
kind: NuclioFunction
metadata:
  name: coco-ssd-gpu
  labels:
    nuclio.io/project-name: cvat
  annotations:
    name: 'COCO SSD'
    type: 'detector'
    spec: |
      [
      {"id": 1, "name": "person", "type": "rectangle", "attributes": []},
      {"id": 10, "name": "traffic light", "type": "rectangle", "attributes": []}
      ]
spec:
  description: 'Finds 80 kinds of everyday objects: cats, too'
  handler: modelyard.serving.worker.nuclio:handler
  runtime: python:3.11
  image: modelyard/coco-ssd-gpu:gpu
  minReplicas: 1
  maxReplicas: 1
  env:
  - name: ASK
    value: 'y'
  - name: MODELYARD_DEVICE
    value: 'cuda'
  - name: SCALE
    value: '1e3'
  triggers:
    http:
      kind: http
      name: http
      numWorkers: 2
      workerAvailabilityTimeoutMilliseconds: 10000
      attributes:
        serviceType: ClusterIP
        maxRequestBodySize: 33554432
  resources:
    limits:
      cpu: '2'
      memory: '1Gi'
      nvidia.com/gpu: '1'
  deploymentStrategy:
    type: Recreate
  eventTimeout: '30s'
status:
  state: waitingForResourceConfiguration
"""


def test_the_rendering_is_the_golden_file() -> None:
    spec = dataclasses.replace(
        SPEC, name="coco-ssd-gpu", variant="gpu", gpus=1, image="modelyard/coco-ssd-gpu:gpu"
    )
    assert {name: text.decode() for name, text in kubernetes_files(spec).items()} == {
        "kubernetes-gpu.yaml": GOLDEN
    }


def test_without_a_gpu_updates_are_rolling() -> None:
    document = yaml.safe_load(kubernetes_files(SPEC)["kubernetes.yaml"])
    assert "deploymentStrategy" not in document["spec"]


def test_kubernetes_expands_nothing_in_a_value() -> None:
    spec = dataclasses.replace(SPEC, env={"PRICE": "$(HOME) $$ 5$"})
    document = yaml.safe_load(kubernetes_files(spec)["kubernetes.yaml"])
    (variable,) = document["spec"]["env"]
    assert variable["value"] == "$$(HOME) $$$$ 5$$"
