from __future__ import annotations

import dataclasses

import yaml

from modelyard_pants.nuclio.processor import processor_files
from modelyard_pants.nuclio.testing.spec import SPEC

GOLDEN = """\
metadata:
  name: coco-ssd
  labels:
    nuclio.io/project-name: cvat
spec:
  description: 'Finds 80 kinds of everyday objects: cats, too'
  handler: modelyard.serving.worker.nuclio:handler
  runtime: python:3.11
  triggers:
    http:
      kind: http
      url: '127.0.0.1:20001'
      numWorkers: 2
      workerAvailabilityTimeoutMilliseconds: 10000
      attributes:
        maxRequestBodySize: 33554432
  eventTimeout: '30s'
"""


def test_the_renderings_are_the_golden_files() -> None:
    assert {name: text.decode() for name, text in processor_files(SPEC).items()} == {
        "processor.yaml": GOLDEN,
        "processor.env": "ASK=y\nSCALE=1e3\n",
    }


def test_without_variables_there_is_no_env_file() -> None:
    assert set(processor_files(dataclasses.replace(SPEC, env={}))) == {"processor.yaml"}


def test_the_device_of_a_gpu_variant_is_in_its_environment() -> None:
    files = processor_files(dataclasses.replace(SPEC, variant="gpu", gpus=1, env={}))
    assert files["processor-gpu.env"] == b"MODELYARD_DEVICE=cuda\n"
    assert "resources" not in yaml.safe_load(files["processor-gpu.yaml"])["spec"]
