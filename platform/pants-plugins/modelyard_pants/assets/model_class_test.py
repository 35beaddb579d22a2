"""Where the runtime finds the class of a function's model."""

from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.source import source_root
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.assets import model_class
from modelyard_pants.assets.model_class import ModelClass, ModelClassRequest
from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.common import modules
from modelyard_pants.subsystem import Modelyard

FIELDS = {
    "display_name": "F",
    "description": "Finds nothing",
    "type": "detector",
    "framework": "openvino",
    "licence": "MIT",
    "origin": "these tests",
    "variant": "cpu",
}


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return RuleRunner(
        rules=[
            *model_class.rules(),
            *modules.rules(),
            *source_root.rules(),
            *Modelyard.rules(),
            QueryRule(ModelClass, [ModelClassRequest]),
        ]
    )


def _model_class(runner: RuleRunner, *options: str, **fields: Any) -> ModelClass:
    runner.set_options(["--source-root-patterns=['/functions/*', '/lib']", *options])
    address = Address("functions/openvino/my_f", generated_name="cpu-assets")
    target = ModelAssets({**FIELDS, **fields}, address)
    return runner.request(ModelClass, [ModelClassRequest(target)])


@pytest.mark.parametrize(
    ("handler", "reference"),
    [
        # The one class of the file.
        (None, "my_f.handler"),
        ("handler.py", "my_f.handler"),
        # docs/targets.md: "or `handler.py:MyDetector` where the file defines several".
        ("handler.py:MyDetector", "my_f.handler:MyDetector"),
        ("author/net.py:Net", "my_f.author.net:Net"),
    ],
)
def test_it_is_in_the_authors_package(
    runner: RuleRunner, handler: str | None, reference: str
) -> None:
    assert _model_class(runner, handler=handler) == ModelClass(reference, "my_f")


def test_of_a_head_it_is_the_librarys_and_no_package_of_an_author(runner: RuleRunner) -> None:
    found = _model_class(runner, head="yolov8")
    assert found == ModelClass("modelyard.models.heads:HeadDetector", "")


def test_another_class_may_read_heads(runner: RuleRunner) -> None:
    found = _model_class(runner, "--modelyard-head-model=ours.heads:Ours", head="yolov8")
    assert found == ModelClass("ours.heads:Ours", "")
