from __future__ import annotations

import pytest
from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import EntryPoint
from pants.core.goals.package import BuiltPackage
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.rules import QueryRule
from pants.engine.target import Target
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.sources.package import SourcesFieldSet, as_pex_binary
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return rule_runner_with_stand_ins(QueryRule(BuiltPackage, [SourcesFieldSet]))


@pytest.fixture
def sources(runner: RuleRunner) -> Target:
    return runner.get_target(Address("functions/openvino/a", generated_name="cpu-srcs"))


def test_if_not_named_they_are_packaged_only_in_the_release(
    runner: RuleRunner, sources: Target
) -> None:
    applicable = [
        kind for kind in (PexBinaryFieldSet, SourcesFieldSet) if kind.is_applicable(sources)
    ]
    assert applicable == [SourcesFieldSet]
    package = runner.request(BuiltPackage, [SourcesFieldSet.create(sources)])
    assert package == BuiltPackage(EMPTY_DIGEST, ())


def test_the_pex_contains_only_code_and_does_not_depend_on_the_umask(sources: Target) -> None:
    pex = PexBinaryFieldSet.create(as_pex_binary(sources))
    assert pex.address == sources.address
    assert pex.entry_point.value == EntryPoint("handler.py")
    assert pex.output_path.value == "a/cpu/srcs.pex"
    assert (pex.layout.value, pex.include_requirements.value) == ("loose", False)
