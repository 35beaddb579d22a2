"""The pieces of what Nuclio reads, as contracts on Nuclio 1.13 and CVAT have them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import yaml

from modelyard_pants.nuclio import parts
from modelyard_pants.nuclio.testing.spec import SPEC
from modelyard_pants.nuclio.yaml_text import render_yaml


def _metadata(**changes: Any) -> dict[str, Any]:
    return parts.metadata(dataclasses.replace(SPEC, **changes))


def test_cvat_lists_functions_of_its_project_alone() -> None:
    """A label decides, not a namespace."""
    metadata = _metadata()
    assert metadata["labels"] == {"nuclio.io/project-name": "cvat"}
    assert "namespace" not in metadata


@pytest.mark.parametrize(
    "text", ["1e3", "y", "No", "null", "~", "0x1F", "2024-01-01", "# 1", "a: b", "- a", "猫", "'"]
)
def test_an_annotation_is_text_whatever_it_looks_like(text: str) -> None:
    """Nuclio's API refuses the annotations of a function when one is no string."""
    metadata = _metadata(display_name=text, annotations={"help_message": text})
    read = yaml.safe_load(render_yaml(metadata))["annotations"]
    assert (read["name"], read["help_message"]) == (text, text)


def test_optional_annotations_come_after_those_of_every_function_in_order() -> None:
    annotations = _metadata(annotations={"version": "2", "help_message": "Click"})["annotations"]
    assert list(annotations) == ["name", "type", "spec", "help_message", "version"]


@pytest.mark.parametrize(
    "labels",
    [
        [{"id": 1, "name": "a", "type": "any", "attributes": []}],
        [{"name": "猫"}, {"name": 'say "hi"'}, {"name": "a\\b"}],
        [
            {
                "name": "person",
                "type": "skeleton",
                "svg": '<circle cx="1"/>',
                "sublabels": [{"name": "1", "type": "points", "attributes": []}],
            }
        ],
    ],
)
def test_labels_are_json_with_one_a_line(labels: list[dict[str, Any]]) -> None:
    text = parts.labels_json(labels)
    assert json.loads(text) == labels
    # The brackets have lines of their own.
    assert len(text.splitlines()) == len(labels) + 2
    assert "\\u" not in text


def test_no_labels_are_no_text() -> None:
    """CVAT takes an empty string for no labels: trackers and the like leave it blank."""
    assert parts.labels_json([]) == ""


def test_a_variable_is_a_name_and_a_text() -> None:
    assert parts.env({"A": "1", "B": ""}) == [
        {"name": "A", "value": "1"},
        {"name": "B", "value": ""},
    ]
    # Nuclio's default for a missing value is not text.
    rendered = render_yaml({"env": parts.env({"A": "1", "B": ""})}).decode()
    assert "value: '1'\n" in rendered
    assert "value: ''\n" in rendered


def test_there_is_one_http_trigger_which_says_everything() -> None:
    """A bare processor adds no trigger, and reads no `maxWorkers`."""
    spec = dataclasses.replace(SPEC, workers=3, max_body=5_000_000, availability_timeout=0.25)
    assert parts.http_trigger(spec, {"port": 20001}, url="127.0.0.1:20001") == {
        "http": {
            "kind": "http",
            "url": "127.0.0.1:20001",
            "numWorkers": 3,
            # 0.25 s.
            "workerAvailabilityTimeoutMilliseconds": 250,
            "attributes": {"port": 20001, "maxRequestBodySize": 5_000_000},
        }
    }


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(0.0, 0), (0.001, 1), (10.0, 10_000), (86400.0, 86_400_000)]
)
def test_a_time_of_the_trigger_is_a_whole_number(seconds: float, milliseconds: int) -> None:
    spec = dataclasses.replace(SPEC, availability_timeout=seconds)
    found = parts.http_trigger(spec, {})["http"]["workerAvailabilityTimeoutMilliseconds"]
    assert (found, type(found)) == (milliseconds, int)


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({}, None),
        ({"cpus": "1500m"}, {"cpu": "1500m"}),
        ({"memory": "2Gi"}, {"memory": "2Gi"}),
        # Kubernetes' quantities are text, one of GPUs too.
        ({"gpus": 2}, {"nvidia.com/gpu": "2"}),
        (
            {"cpus": "2", "memory": "2Gi", "gpus": 1},
            {"cpu": "2", "memory": "2Gi", "nvidia.com/gpu": "1"},
        ),
    ],
)
def test_limits_are_those_that_are_set(
    changes: dict[str, Any], limits: dict[str, str] | None
) -> None:
    spec = dataclasses.replace(SPEC, **{"cpus": None, "memory": None, "gpus": 0, **changes})
    expected = {"resources": {"limits": limits}} if limits else {}
    assert parts.limits(spec) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        # Go's time.ParseDuration: a decimal fraction and a unit, no exponent.
        (1.0, "1s"),
        (1.5, "1.5s"),
        (60.0, "60s"),
        (86400.0, "86400s"),
    ],
)
def test_a_time_of_the_function_is_what_go_parses(seconds: float, text: str) -> None:
    spec = dataclasses.replace(SPEC, event_timeout=seconds)
    assert parts.event_timeout(spec) == {"eventTimeout": text}


def test_no_time_is_no_key() -> None:
    """An empty one would be no limit as well, and a 0 an error."""
    assert parts.event_timeout(dataclasses.replace(SPEC, event_timeout=None)) == {}


def test_a_container_comes_back_after_a_reboot_but_not_once_stopped() -> None:
    """Of Docker's policies; `always` would hide that a function crashes in a loop."""
    policy = parts.restart_policy()["platform"]["attributes"]["restartPolicy"]
    assert policy == {"name": "unless-stopped"}
