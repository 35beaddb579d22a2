"""Lists the contents of a PEX. It is made by hand, since building one needs a package index."""

from __future__ import annotations

import json

import pytest
from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import PexBinary
from pants.core.goals import package
from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, PackageFieldSet
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.nuclio import classic_build as classic
from modelyard_pants.nuclio.classic_build import Wheels, WheelsRequest


@rule
async def pex_by_hand(field_set: PexBinaryFieldSet) -> BuiltPackage:
    path = str(field_set.output_path.value)
    info = {"distributions": {"numpy-2.4.6-cp311.whl": "00", "msgpack-1.2.4-cp311.whl": "11"}}
    files = [FileContent(f"{path}/PEX-INFO", json.dumps(info).encode())]
    if path == "zip.pex":
        files = [FileContent(path, b"PK")]
    return BuiltPackage(
        await Get(Digest, CreateDigest([*files, FileContent("other/PEX-INFO", b"")])),
        (BuiltPackageArtifact(relpath=path),),
    )


@pytest.fixture
def rule_runner() -> RuleRunner:
    return RuleRunner(
        rules=[
            *package.rules(),
            *(item for item in classic.rules() if item.output_type is Wheels),
            *collect_rules(globals()),
            UnionRule(PackageFieldSet, PexBinaryFieldSet),
            QueryRule(Wheels, [WheelsRequest]),
        ],
        target_types=[PexBinary],
    )


def _wheels(rule_runner: RuleRunner, output_path: str) -> Wheels:
    rule_runner.write_files({"deps/BUILD": f"pex_binary(output_path={output_path!r})"})
    target = rule_runner.get_target(Address("deps"))
    return rule_runner.request(Wheels, [WheelsRequest(target)])


def test_the_wheels_are_read_from_the_list_in_the_pex(rule_runner: RuleRunner) -> None:
    wheels = _wheels(rule_runner, "deps/openvino.pex")
    assert set(wheels.names) == {"numpy-2.4.6-cp311.whl", "msgpack-1.2.4-cp311.whl"}


def test_a_single_file_pex_is_refused_and_the_error_names_the_fix(rule_runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError, match='deps:deps, which needs layout="packed"'):
        _wheels(rule_runner, "zip.pex")
