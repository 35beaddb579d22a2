from __future__ import annotations

import dataclasses
import json

import pytest
import yaml

from modelyard_pants.nuclio.function import function_files, render_function
from modelyard_pants.nuclio.testing.spec import SPEC

GOLDEN = """\
apiVersion: nuclio.io/v1beta1
kind: NuclioFunction
metadata:
  name: coco-ssd
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
  image: modelyard/coco-ssd:cpu
  env:
  - name: ASK
    value: 'y'
  - name: SCALE
    value: '1e3'
  triggers:
    http:
      kind: http
      numWorkers: 2
      workerAvailabilityTimeoutMilliseconds: 10000
      attributes:
        port: 20001
        maxRequestBodySize: 33554432
  resources:
    limits:
      cpu: '2'
      memory: '1Gi'
  eventTimeout: '30s'
  platform:
    attributes:
      restartPolicy:
        name: unless-stopped
"""


def test_the_rendering_is_the_golden_file() -> None:
    assert {name: text.decode() for name, text in function_files(SPEC).items()} == {
        "function.yaml": GOLDEN
    }


def test_a_gpu_is_a_limit_and_tells_the_model_which_device_to_use() -> None:
    files = function_files(dataclasses.replace(SPEC, variant="gpu", gpus=1, env={}))
    spec = yaml.safe_load(files["function-gpu.yaml"])["spec"]
    assert spec["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert spec["env"] == [{"name": "MODELYARD_DEVICE", "value": "cuda"}]


def test_a_worker_is_told_how_much_gpu_memory_it_may_use() -> None:
    files = function_files(dataclasses.replace(SPEC, gpus=1, gpu_memory=4 << 30, env={}))
    env = yaml.safe_load(files["function.yaml"])["spec"]["env"]
    assert {"name": "MODELYARD_GPU_MEMORY", "value": "4294967296"} in env


def test_every_annotation_is_a_string_and_the_label_spec_is_json() -> None:
    spec = dataclasses.replace(
        SPEC, type="interactor", annotations={"version": "2", "min_neg_points": "-1"}
    )
    annotations = yaml.safe_load(render_function(spec))["metadata"]["annotations"]
    assert all(isinstance(value, str) for value in annotations.values())
    assert json.loads(annotations["spec"]) == list(SPEC.labels)


def test_no_labels_leave_the_spec_blank() -> None:
    config = yaml.safe_load(render_function(dataclasses.replace(SPEC, labels=())))
    assert config["metadata"]["annotations"]["spec"] == ""


def test_absent_limits_are_not_rendered() -> None:
    plain = dataclasses.replace(SPEC, memory=None, cpus=None, event_timeout=None)
    spec = yaml.safe_load(render_function(plain))["spec"]
    assert "resources" not in spec
    assert "eventTimeout" not in spec


@pytest.mark.parametrize("seconds", [1.0, 0.5, 120.0, 86400.0, 7.25])
def test_times_are_in_gos_notation(seconds: float) -> None:
    timed = dataclasses.replace(SPEC, event_timeout=seconds, availability_timeout=seconds)
    spec = yaml.safe_load(render_function(timed))["spec"]
    assert float(spec["eventTimeout"].removesuffix("s")) == seconds
    assert "e" not in spec["eventTimeout"]
    milliseconds = spec["triggers"]["http"]["workerAvailabilityTimeoutMilliseconds"]
    assert milliseconds == seconds * 1000
