"""Labels and their defaults are those of Nuclio's documentation."""

from __future__ import annotations

from typing import Any

import pytest

from modelyard_contract.nuclio import project_of


@pytest.mark.parametrize(
    ("metadata", "project"),
    [
        ({"labels": {"nuclio.io/project-name": "cvat"}}, "cvat"),
        ({"labels": {"nuclio.io/project-name": ""}}, "default"),
        ({"labels": {"other": "cvat"}}, "default"),
        ({"labels": None}, "default"),
        ({}, "default"),
    ],
)
def test_a_function_belongs_to_the_project_of_its_label(
    metadata: dict[str, Any], project: str
) -> None:
    assert project_of(metadata) == project
