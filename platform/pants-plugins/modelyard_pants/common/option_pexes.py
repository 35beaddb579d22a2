"""The PEX files named by options of `[modelyard]`, packaged as `package` would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.core.goals.package import BuiltPackage, EnvironmentAwarePackageRequest
from pants.engine.addresses import Address, UnparsedAddressInputs
from pants.engine.fs import Digest
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import Targets

from modelyard_pants.common.lookups import option_address
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class OptionPexRequest:
    """The option whose value is the address of a `pex_binary`, such as `platform`."""

    option: str


@dataclass(frozen=True)
class OptionPex:
    """A PEX in the layout that its target sets, at `path` of `digest`."""

    address: Address
    digest: Digest
    path: str


@rule
async def package_option_pex(request: OptionPexRequest, modelyard: Modelyard) -> OptionPex:
    named = option_address(request.option, modelyard)
    target = (await Get(Targets, UnparsedAddressInputs, named))[0]
    package = await Get(
        BuiltPackage, EnvironmentAwarePackageRequest(PexBinaryFieldSet.create(target))
    )
    path = package.artifacts[0].relpath
    assert path is not None
    return OptionPex(target.address, package.digest, path)


def rules() -> Iterable[Any]:
    return collect_rules()
