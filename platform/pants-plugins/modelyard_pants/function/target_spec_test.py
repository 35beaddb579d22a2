"""From the fields of a target to what every rendering is made from."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import Target
from pants.testutil.option_util import create_subsystem
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks
from pants.util.frozendict import FrozenDict

from modelyard_pants.function.labels import FunctionLabels, FunctionLabelsRequest
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.function.target_spec import function_port, function_spec
from modelyard_pants.nuclio.targets import NuclioSpec
from modelyard_pants.subsystem import Modelyard

ADDRESS = Address("functions/openvino/f", generated_name="cpu-spec")
FIELDS = {
    "function_name": "f",
    "display_name": "F",
    "description": "Finds nothing",
    "type": "detector",
    "framework": "openvino",
    "licence": "MIT",
    "origin": "these tests",
    "variant": "cpu",
    "labels": ["cat"],
}
CAT = {"name": "cat", "type": "any", "attributes": []}


def _target(**fields: Any) -> Target:
    return NuclioSpec({**FIELDS, **fields}, ADDRESS)


def _spec(target: Target, repository: str = "modelyard") -> FunctionSpec:
    labels = FunctionLabels((FrozenDict.deep_freeze(CAT),))
    return run_rule_with_mocks(
        function_spec,
        rule_args=[target, create_subsystem(Modelyard, image_repository=repository)],
        mock_gets=[MockGet(FunctionLabels, (FunctionLabelsRequest,), lambda _: labels)],
    )


def test_a_function_of_required_fields_alone_has_the_documented_defaults() -> None:
    """docs/targets.md states them: 1 worker, 60 s and 10 s, 32 MiB, no limits."""
    assert _spec(_target()) == FunctionSpec(
        name="f",
        variant="cpu",
        display_name="F",
        description="Finds nothing",
        type="detector",
        image="modelyard/f:cpu",
        labels=[CAT],
        port=function_port(_target()),
        workers=1,
        max_body=33554432,
        event_timeout=60.0,
        availability_timeout=10.0,
        annotations={},
        env=FrozenDict(),
        memory=None,
        cpus=None,
        gpus=0,
        gpu_memory=None,
    )


@pytest.mark.parametrize(
    ("fields", "attribute", "expected"),
    [
        ({"variant": "gpu"}, "image", "modelyard/f:gpu"),
        ({"gpus": 1, "gpu_memory": "1.5Gi"}, "gpu_memory", 1610612736),  # 1.5 * 1024^3
        ({"type": "interactor"}, "annotations", {"version": "2"}),
        ({"type": "interactor", "annotations": {"version": "3"}}, "annotations", {"version": "3"}),
        # CVAT's default is a tracker of rectangles: what is left out stays out.
        ({"type": "tracker"}, "annotations", {}),
        ({"event_timeout": 7}, "event_timeout", 7.0),
        ({"display_name": "Kätzchen 猫"}, "display_name", "Kätzchen 猫"),
    ],
)
def test_a_field_becomes_what_platforms_read(
    fields: dict[str, Any], attribute: str, expected: Any
) -> None:
    assert getattr(_spec(_target(**fields)), attribute) == expected


def test_the_image_is_in_the_repository_that_the_option_names() -> None:
    spec = _spec(_target(), repository="registry.example.org:5000/team/models")
    assert spec.image == "registry.example.org:5000/team/models/f:cpu"


def test_a_port_that_is_set_is_the_port() -> None:
    assert function_port(_target(port=31234)) == 31234


@pytest.mark.parametrize("name", ["f", "coco-ssd", "a" * 63])
def test_without_one_it_follows_from_the_name_alone(name: str) -> None:
    """Four bytes of the name's SHA-256, in the 10,000 ports from 20000 on."""
    expected = 20000 + int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 10000
    assert function_port(_target(function_name=name)) == expected
    assert function_port(_target(function_name=name, variant="gpu", workers=3)) == expected
