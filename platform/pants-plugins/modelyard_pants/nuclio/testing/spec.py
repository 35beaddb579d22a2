"""The function that the tests of renderings use, with everything a function can have."""

from __future__ import annotations

from modelyard_contract.limits import AVAILABILITY_TIMEOUT, DEFAULT_BODY
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio.classic import ClassicBuild

SPEC = FunctionSpec(
    name="coco-ssd",
    variant="cpu",
    display_name="COCO SSD",
    description="Finds 80 kinds of everyday objects: cats, too",
    type="detector",
    image="modelyard/coco-ssd:cpu",
    labels=[
        {"id": 1, "name": "person", "type": "rectangle", "attributes": []},
        {"id": 10, "name": "traffic light", "type": "rectangle", "attributes": []},
    ],
    port=20001,
    workers=2,
    max_body=DEFAULT_BODY,
    event_timeout=30.0,
    availability_timeout=AVAILABILITY_TIMEOUT,
    env={"SCALE": "1e3", "ASK": "y"},
    memory="1Gi",
    cpus="2",
)

BUILD = ClassicBuild(
    base_image="python:3.11-slim",
    requirements="numpy==2.4.6 \\\n    --hash=sha256:00\n",
)
