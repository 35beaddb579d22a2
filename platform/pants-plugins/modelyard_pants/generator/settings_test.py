from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from modelyard_pants.generator.settings import (
    ModelSettings,
    VariantSettings,
    model_problems,
    variant_problems,
    variant_warnings,
)

VARIANT = VariantSettings(
    variant="cpu",
    framework="pytorch",
    port=None,
    workers=1,
    gpus=0,
    gpu_memory=None,
    memory=None,
    event_timeout=60,
    availability_timeout=10,
)


@pytest.mark.parametrize(
    ("function_type", "labels", "annotations", "fields"),
    [
        ("detector", "//:labels", {}, []),
        ("detector", ({"name": "cat"},), {}, []),
        ("detector", (), {}, ["labels"]),
        ("tracker", (), {"supported_shape_types": "mask"}, []),
        ("tracker", "//:labels", {}, ["labels"]),
        ("interactor", ({"name": "cat"},), {}, ["labels"]),
        ("reid", ({"name": "cat"},), {"version": "2"}, ["labels", "annotations[version]"]),
    ],
)
def test_labels_and_annotations_belong_to_types(
    function_type: str, labels: Any, annotations: dict, fields: list
) -> None:
    model = ModelSettings(function_type, labels, annotations, "openvino", None, {}, None)
    assert [problem.field for problem in model_problems(model)] == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"framework": "openvino", "head_options": {"limit": 5}}, []),
        ({"head": "model_api", "head_options": {"channels": "bgr"}}, []),
        ({"head": "model_api", "head_options": {"limit": 5}}, ["head_options"]),
        ({"framework": "pytorch"}, ["head"]),
        ({"handler": "net.py"}, ["handler"]),
        ({"head": None}, []),
        ({"head": None, "handler": "net.py"}, []),
        ({"head": None, "head_options": {"limit": 5}}, ["head_options"]),
        ({"type": "tracker", "labels": ()}, ["head"]),
    ],
)
def test_a_head_replaces_a_handler(changes: dict, fields: list) -> None:
    model = ModelSettings("detector", "//:labels", {}, "openvino", "yolov8", {}, None)
    problems = model_problems(dataclasses.replace(model, **changes))
    assert [problem.field for problem in problems] == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"event_timeout": 120, "availability_timeout": 120}, []),
        ({"event_timeout": 120.5}, ["event_timeout"]),
        ({"availability_timeout": 121}, ["availability_timeout"]),
        ({"gpus": 1}, ["gpus"]),
        ({"gpus": 1, "variant": "gpu"}, []),
        ({"gpu_memory": "4Gi"}, ["gpu_memory"]),
        ({"gpus": 1, "variant": "gpu", "gpu_memory": "4Gi"}, []),
        ({"memory": "128Mi"}, []),
        ({"memory": "127Mi"}, ["memory"]),
        ({"memory": "255Mi", "workers": 2}, ["memory"]),
        ({"memory": "256Mi", "workers": 2}, []),
    ],
)
def test_the_settings_of_a_variant_must_be_consistent(changes: dict, fields: list) -> None:
    variant = dataclasses.replace(VARIANT, **changes)
    assert [p.field for p in variant_problems(variant, cvat_timeout=120)] == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"port": 32767}, []),
        ({"port": 32768}, ["port"]),
        ({"variant": "gpu", "gpus": 1}, []),
        ({"variant": "gpu", "gpus": 1, "workers": 2}, ["workers"]),
        ({"variant": "gpu"}, ["gpus"]),
        # OpenVINO runs on Intel's GPUs, to which no limit applies.
        ({"variant": "gpu", "framework": "openvino"}, []),
    ],
)
def test_questionable_settings_cause_a_warning(changes: dict, fields: list) -> None:
    warned = variant_warnings(dataclasses.replace(VARIANT, **changes))
    assert [problem.field for problem in warned] == fields
