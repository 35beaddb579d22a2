"""What authors are told where settings do not go together: what is wrong, and what to write."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from modelyard_pants.generator.settings import (
    ModelSettings,
    Problem,
    VariantSettings,
    model_problems,
    variant_problems,
    variant_warnings,
)

MODEL = ModelSettings("detector", "//:labels", {}, "openvino", None, {}, None)
VARIANT = VariantSettings(
    variant="cpu",
    framework="openvino",
    port=None,
    workers=1,
    gpus=0,
    gpu_memory=None,
    memory=None,
    event_timeout=60,
    availability_timeout=10,
)


def _model(**changes: Any) -> list[Problem]:
    return list(model_problems(dataclasses.replace(MODEL, **changes)))


def _variant(**changes: Any) -> list[Problem]:
    variant = dataclasses.replace(VARIANT, **changes)
    return list(variant_problems(variant, cvat_timeout=90))


@pytest.mark.parametrize(
    ("changes", "value", "advice"),
    [
        # contracts/cvat.md 3.1: a shape of another label is dropped in silence.
        ({"labels": ()}, (), "CVAT drops every shape whose label is not among them"),
        ({"type": "reid"}, "//:labels", "type='reid': leave "),
        ({"head_options": {"limit": 5}}, {"limit": 5}, "with a `head`"),
        ({"head": "ssd", "framework": "pytorch"}, "ssd", 'framework="openvino"'),
        ({"head": "ssd", "type": "reid", "labels": ()}, "ssd", 'type="detector"'),
        ({"head": "ssd", "handler": "net.py"}, "net.py", "one of them"),
        (
            {"head": "model_api", "head_options": {"limit": 5}},
            "limit",
            'accepted: channels with head="model_api"',
        ),
        (
            {"annotations": {"min_pos_points": "1"}},
            "1",
            "CVAT reads it only for type='interactor', not for 'detector'",
        ),
        (
            {"type": "interactor", "labels": (), "annotations": {"supported_shape_types": "mask"}},
            "mask",
            "CVAT reads it only for type='tracker', not for 'interactor'",
        ),
        (
            {
                "type": "interactor",
                "labels": (),
                "annotations": {"startswith_box": "true", "startswith_box_optional": "true"},
            },
            "true",
            "not both",
        ),
    ],
)
def test_of_a_model(changes: dict[str, Any], value: Any, advice: str) -> None:
    (problem,) = _model(**changes)
    assert problem.value == value
    assert advice in problem.accepted


@pytest.mark.parametrize(
    ("changes", "value", "advice"),
    [
        # CVAT_NUCLIO_DEFAULT_TIMEOUT, 90 s here.
        ({"event_timeout": 90.5}, 90.5, "CVAT gives up after 90 s ([modelyard].cvat_timeout)"),
        ({"availability_timeout": 91}, 91, "at most that is accepted"),
        # As it would be written into the BUILD file.
        ({"gpus": 2}, 2, 'variants={"cpu": {}, "gpu": {"gpus": 2}}'),
        ({"gpu_memory": "4Gi"}, "4Gi", "`gpus`"),
        ({"memory": "127Mi"}, "127Mi", "at least 128Mi is needed, 128Mi for each of workers=1"),
        # 3 * 128 = 384.
        ({"memory": "383Mi", "workers": 3}, "383Mi", "at least 384Mi is needed"),
        # 128 MiB are 134217728 bytes, 134 MB are fewer.
        ({"memory": "134M"}, "134M", "at least 128Mi is needed"),
    ],
)
def test_of_a_variant(changes: dict[str, Any], value: Any, advice: str) -> None:
    (problem,) = _variant(**changes)
    assert problem.value == value
    assert advice in problem.accepted


@pytest.mark.parametrize(
    "changes",
    [
        {"event_timeout": 90, "availability_timeout": 90},
        {"availability_timeout": 0},
        {"memory": "134218k"},
        {"memory": "135M"},
        {"memory": "0.125Gi"},
        {"variant": "gpu", "gpus": 1, "gpu_memory": "4Gi"},
    ],
)
def test_what_goes_together_is_not_remarked_on(changes: dict[str, Any]) -> None:
    assert _variant(**changes) == []


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"variant": "gpu", "gpus": 1, "workers": 2}, "its own copy of the model on the GPU"),
        ({"variant": "gpu", "framework": "pytorch"}, "runs on the CPU unless it is 1"),
        ({"port": 32768}, "ports from 32768 on"),
    ],
)
def test_of_what_works_but_seldom_as_meant(changes: dict[str, Any], advice: str) -> None:
    variant = dataclasses.replace(VARIANT, **changes)
    assert list(variant_problems(variant, cvat_timeout=90)) == []
    (doubt,) = variant_warnings(variant)
    assert advice in doubt.accepted


def test_several_problems_are_told_in_the_order_of_the_fields() -> None:
    found = _variant(event_timeout=100, gpus=1, gpu_memory="4Gi", memory="1Mi")
    assert [problem.field for problem in found] == ["event_timeout", "gpus", "memory"]
