"""Which PEX an option stands for. Packaging it needs an index; the end-to-end tests do it."""

from __future__ import annotations

import pytest
from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import PexBinary
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    EnvironmentAwarePackageRequest,
)
from pants.engine.addresses import Address, UnparsedAddressInputs
from pants.engine.fs import Digest
from pants.engine.target import Targets
from pants.testutil.option_util import create_subsystem
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks

from modelyard_pants.common.option_pexes import OptionPex, OptionPexRequest, package_option_pex
from modelyard_pants.subsystem import Modelyard

PACKAGED = Digest("a" * 64, 1)


@pytest.mark.parametrize(
    "path",
    [
        "platform.pex",
        # Where its target sets no `output_path`, Pants names the folder.
        "platform.tools.mine/platform.pex",
    ],
)
def test_the_target_of_the_option_is_packaged_as_it_says(path: str) -> None:
    address = Address("platform/tools/mine", target_name="platform")
    target = PexBinary({"entry_point": "main.py"}, address)
    packaged: list[EnvironmentAwarePackageRequest] = []

    def targets(named: UnparsedAddressInputs) -> Targets:
        assert named.values == ("platform/tools/mine:platform",)
        return Targets([target])

    def package(request: EnvironmentAwarePackageRequest) -> BuiltPackage:
        packaged.append(request)
        return BuiltPackage(PACKAGED, (BuiltPackageArtifact(path),))

    settings = create_subsystem(Modelyard, platform="platform/tools/mine:platform")
    built = run_rule_with_mocks(
        package_option_pex,
        rule_args=[OptionPexRequest("platform"), settings],
        mock_gets=[
            MockGet(Targets, (UnparsedAddressInputs,), targets),
            MockGet(BuiltPackage, (EnvironmentAwarePackageRequest,), package),
        ],
    )
    assert built == OptionPex(address, PACKAGED, path)
    assert packaged == [EnvironmentAwarePackageRequest(PexBinaryFieldSet.create(target))]
