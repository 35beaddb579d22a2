from __future__ import annotations

from typing import Mapping

import pytest
from pants.backend.python.target_types import PexBinary
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.rules import QueryRule, rule
from pants.testutil.rule_runner import RuleRunner
from pants.util.frozendict import FrozenDict

from modelyard_pants.image import dependency_layers
from modelyard_pants.image.dependency_layers import DependencyLayers, DependencyLayersRequest
from modelyard_pants.image.layers import BuiltLayer, LayerRequest
from modelyard_pants.image.locked_packages import (
    AskedPackages,
    AskedPackagesRequest,
    LockedPackage,
    LockedPackages,
    LockedPackagesRequest,
    Pins,
    PinsRequest,
)
from modelyard_pants.image.oci import PLAIN_LAYER, LayerDescription

BIG = 10_000_000
NUMPY = LockedPackage("numpy", "numpy==2", BIG, ())
SMALL = LockedPackage("small", "small==1", 1, ())
LOCKS: Mapping[str, tuple[LockedPackage, ...]] = {
    # The two resolves differ only in its version and one small package.
    "one": (NUMPY, LockedPackage("scipy", "scipy==1", BIG, ("numpy",)), SMALL),
    "two": (NUMPY, LockedPackage("scipy", "scipy==2", BIG, ("numpy",)), SMALL),
    "tiny": (SMALL,),
    "empty": (LockedPackage("headers", "headers==1", BIG, ()),),
}
ALL = "scipy and headers"


@rule
async def packages_of_the_resolve(request: LockedPackagesRequest) -> LockedPackages:
    return LockedPackages(LOCKS[request.target.address.target_name])


@rule
async def asked_by_name(request: AskedPackagesRequest) -> AskedPackages:
    names = tuple(request.address.target_name.split(" and "))
    return AskedPackages(names, names)


@rule
async def pins_by_name(request: PinsRequest) -> Pins:
    return Pins(EMPTY_DIGEST, ",".join(package.pin for package in request.packages), FrozenDict())


@rule
async def layer_of_its_arguments(request: LayerRequest) -> BuiltLayer:
    words = " ".join(request.arguments)
    size = 0 if "headers" in words else 1
    return BuiltLayer(
        EMPTY_DIGEST, LayerDescription(request.name, words, words, size, size, PLAIN_LAYER)
    )


@pytest.fixture
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *dependency_layers.rules(),
            asked_by_name,
            layer_of_its_arguments,
            packages_of_the_resolve,
            pins_by_name,
            QueryRule(DependencyLayers, [DependencyLayersRequest]),
        ],
        target_types=[PexBinary],
    )
    runner.write_files(
        {"BUILD": "".join(f"pex_binary(name='{name}', script='x')\n" for name in LOCKS)}
    )
    return runner


def layers(runner: RuleRunner, name: str, imports: str = ALL) -> dict[str, str]:
    target = runner.get_target(Address("", target_name=name))
    sources = Address("code", target_name=imports)
    request = DependencyLayersRequest(target, sources, Address("functions/f"))
    built = runner.request(DependencyLayers, [request]).layers
    return {layer.description.name: layer.description.digest for layer in built}


def test_large_packages_have_their_own_layers_below_the_rest(runner: RuleRunner) -> None:
    assert layers(runner, "one") == {
        "deps-numpy": "packages --name deps-numpy --pins numpy==2 --into deps",
        "deps-scipy": "packages --name deps-scipy --pins scipy==1 --into deps",
        "deps": "environment --name deps --pins small==1 --path opt/modelyard/srcs",
    }


def test_without_large_packages_there_is_one_layer(runner: RuleRunner) -> None:
    assert list(layers(runner, "tiny")) == ["deps"]


def test_the_layer_of_a_wheel_does_not_depend_on_the_resolve(runner: RuleRunner) -> None:
    one, two = layers(runner, "one"), layers(runner, "two")
    assert {name for name in one if one[name] == two[name]} == {"deps-numpy", "deps"}


def test_large_packages_that_the_code_does_not_need_are_left_out(runner: RuleRunner) -> None:
    assert list(layers(runner, "one", "numpy")) == ["deps-numpy", "deps"]
    # The small packages are the same for all functions of a resolve.
    assert layers(runner, "one", "nothing") == {"deps": layers(runner, "one")["deps"]}


def test_a_package_without_files_in_the_image_has_no_layer(runner: RuleRunner) -> None:
    assert list(layers(runner, "empty")) == ["deps"]
