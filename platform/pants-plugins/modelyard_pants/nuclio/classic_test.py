from __future__ import annotations

import dataclasses

import yaml

from modelyard_pants.nuclio.classic import classic_files
from modelyard_pants.nuclio.testing.spec import BUILD, SPEC

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
  handler: main:handler
  runtime: python:3.11
  env:
  - name: ASK
    value: 'y'
  - name: SCALE
    value: '1e3'
  build:
    image: cvat.coco-ssd
    baseImage: python:3.11-slim
    directives:
      preCopy:
      - kind: ENV
        value: 'MODELYARD_ASSETS=/opt/nuclio/assets'
      - kind: COPY
        value: 'handler/requirements.txt /tmp/requirements.txt'
      - kind: RUN
        value: 'python -m pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.txt'
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
"""  # noqa: E501 - a RUN step is one line.

GOLDEN_MAIN = '''\
"""Where Nuclio looks for the function: `main:handler`, and `init_context` beside it."""

from modelyard.serving.worker.nuclio import handler, init_context

__all__ = ["handler", "init_context"]
'''


def test_the_renderings_are_the_golden_files() -> None:
    assert {name: text.decode() for name, text in classic_files(SPEC, BUILD).items()} == {
        "nuclio/function.yaml": GOLDEN,
        "nuclio/main.py": GOLDEN_MAIN,
        "nuclio/requirements.txt": BUILD.requirements,
    }


def test_the_variants_of_a_function_share_one_folder() -> None:
    gpu = classic_files(dataclasses.replace(SPEC, variant="gpu", gpus=1), BUILD)
    assert set(gpu) == {
        "nuclio/function-gpu.yaml",
        "nuclio/main.py",
        "nuclio/requirements-gpu.txt",
    }
    steps = yaml.safe_load(gpu["nuclio/function-gpu.yaml"])["spec"]["build"]["directives"]
    assert "handler/requirements-gpu.txt" in steps["preCopy"][1]["value"]
    assert gpu["nuclio/main.py"] == classic_files(SPEC, BUILD)["nuclio/main.py"]


def test_arguments_for_pip_come_before_the_requirements() -> None:
    build = dataclasses.replace(BUILD, pip_args=("--find-links=/wheels",))
    config = yaml.safe_load(classic_files(SPEC, build)["nuclio/function.yaml"])
    run = config["spec"]["build"]["directives"]["preCopy"][-1]["value"]
    assert "--require-hashes --find-links=/wheels -r /tmp/requirements.txt" in run
