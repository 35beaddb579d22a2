from __future__ import annotations

import dataclasses
import json

import pytest
import yaml

from modelyard.spec import FunctionSpec, SpecTooLarge, render_function_yaml

SPEC = FunctionSpec(
    name="coco-ssd",
    display_name="COCO SSD",
    description="Finds 80 kinds of everyday objects",
    type="detector",
    image="modelyard/coco-ssd:cpu",
    labels=[
        {"id": 1, "name": "person", "type": "rectangle", "attributes": []},
        {"id": 10, "name": "traffic light", "type": "rectangle", "attributes": []},
    ],
    port=20001,
    workers=2,
    max_body=33554432,
    event_timeout=30.0,
    availability_timeout=10.0,
    annotations={"min_pos_points": "1"},
    env={"B": "2", "A": "1"},
    memory="1Gi",
    cpus="2",
    gpus=1,
)

GOLDEN = """\
apiVersion: nuclio.io/v1beta1
kind: NuclioFunction
metadata:
  name: coco-ssd
  labels:
    nuclio.io/project-name: cvat
  annotations:
    name: COCO SSD
    type: detector
    spec: |
      [
      {"id": 1, "name": "person", "type": "rectangle", "attributes": []},
      {"id": 10, "name": "traffic light", "type": "rectangle", "attributes": []}
      ]
    min_pos_points: '1'
spec:
  description: Finds 80 kinds of everyday objects
  handler: serving.nuclio:handler
  runtime: python:3.11
  image: modelyard/coco-ssd:cpu
  env:
  - name: A
    value: '1'
  - name: B
    value: '2'
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
      memory: 1Gi
      nvidia.com/gpu: '1'
  eventTimeout: 30s
"""


def test_the_rendering_is_the_golden_file() -> None:
    assert render_function_yaml(SPEC).decode() == GOLDEN


def test_every_annotation_is_a_string_and_the_label_spec_is_json() -> None:
    config = yaml.safe_load(render_function_yaml(SPEC))
    annotations = config["metadata"]["annotations"]
    assert all(isinstance(value, str) for value in annotations.values())
    assert json.loads(annotations["spec"]) == list(SPEC.labels)


def test_no_labels_leave_the_spec_blank() -> None:
    config = yaml.safe_load(render_function_yaml(dataclasses.replace(SPEC, labels=())))
    assert config["metadata"]["annotations"]["spec"] == ""


def test_optional_limits_are_left_out() -> None:
    plain = dataclasses.replace(SPEC, memory=None, cpus=None, gpus=0, event_timeout=None)
    config = yaml.safe_load(render_function_yaml(plain))
    assert "resources" not in config["spec"]
    assert "eventTimeout" not in config["spec"]
    assert "build" not in config["spec"]


@pytest.mark.parametrize("text", ["yes", "1.0", "null", "a: b", "- x", "é ü", '"quoted"', "#no"])
def test_any_text_survives_yaml(text: str) -> None:
    spec = dataclasses.replace(SPEC, display_name=text, description=text)
    config = yaml.safe_load(render_function_yaml(spec))
    assert config["metadata"]["annotations"]["name"] == text
    assert config["spec"]["description"] == text


def test_more_than_the_docker_command_line_takes_is_refused() -> None:
    labels = [
        {"id": i, "name": f"a rather long label name {i}", "type": "any", "attributes": []}
        for i in range(1500)
    ]
    with pytest.raises(SpecTooLarge, match="shorten the label set"):
        render_function_yaml(dataclasses.replace(SPEC, labels=labels))
