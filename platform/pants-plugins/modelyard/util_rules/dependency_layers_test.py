from __future__ import annotations

from typing import Mapping

import pytest
from pants.backend.python.target_types import PexBinary
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.rules import Get, QueryRule, rule
from pants.testutil.rule_runner import RuleRunner

from modelyard.goals.release import FunctionPex, FunctionPexRequest
from modelyard.goals.standins import layer_of_its_inputs
from modelyard.util_rules import dependency_layers
from modelyard.util_rules.dependency_layers import DependencyLayers, DependencyLayersRequest

BIG = b"0" * 4_000_000
WHEELS: Mapping[str, Mapping[str, bytes]] = {
    # Its version and one small package are all that two resolves do not have in common.
    "one": {"Numpy-2.0-cp311.whl": BIG, "scipy-1.0-cp311.whl": BIG, "small-1.0.whl": b"1"},
    "two": {"Numpy-2.0-cp311.whl": BIG, "scipy-2.0-cp311.whl": BIG + b"2", "small-2.0.whl": b"2"},
    "tiny": {"small-1.0.whl": b"1"},
}


@rule
async def pex_of_wheels(request: FunctionPexRequest) -> FunctionPex:
    wheels = WHEELS[request.target.address.target_name]
    deps = [FileContent(f"{request.name}/.deps/{name}", data) for name, data in wheels.items()]
    info = FileContent(f"{request.name}/PEX-INFO", request.name.encode())
    return FunctionPex(await Get(Digest, CreateDigest([info, *deps])))


@pytest.fixture
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *dependency_layers.rules(),
            layer_of_its_inputs,
            pex_of_wheels,
            QueryRule(DependencyLayers, [DependencyLayersRequest]),
        ],
        target_types=[PexBinary],
    )
    runner.write_files(
        {"BUILD": "".join(f"pex_binary(name='{name}', script='x')\n" for name in WHEELS)}
    )
    return runner


def layers(runner: RuleRunner, name: str) -> dict[str, str]:
    target = runner.get_target(Address("", target_name=name))
    request = DependencyLayersRequest(target, f"{name}.pex", Address("functions/f"))
    built = runner.request(DependencyLayers, [request]).layers
    return {layer.description.name: layer.description.digest for layer in built}


def test_what_is_large_has_a_layer_of_its_own_below_the_rest(runner: RuleRunner) -> None:
    assert list(layers(runner, "one")) == ["deps-numpy", "deps-scipy", "deps"]


def test_where_nothing_is_large_there_is_one_layer(runner: RuleRunner) -> None:
    assert list(layers(runner, "tiny")) == ["deps"]


def test_the_layer_of_a_wheel_does_not_hang_on_the_resolve(runner: RuleRunner) -> None:
    one, two = layers(runner, "one"), layers(runner, "two")
    assert {name for name in one if one[name] == two[name]} == {"deps-numpy"}
