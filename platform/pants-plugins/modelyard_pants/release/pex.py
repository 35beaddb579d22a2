"""The PEX files of a release, under the names they have in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.core.goals.package import BuiltPackage, EnvironmentAwarePackageRequest
from pants.engine.fs import Digest, RemovePrefix
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import InvalidTargetException, Target


@dataclass(frozen=True)
class FunctionPexRequest:
    """A `pex_binary` to build, whose only artifact must be named `name`."""

    target: Target
    name: str


@dataclass(frozen=True)
class FunctionPex:
    digest: Digest


@rule
async def build_pex(request: FunctionPexRequest) -> FunctionPex:
    package = await Get(
        BuiltPackage,
        EnvironmentAwarePackageRequest(PexBinaryFieldSet.create(request.target)),
    )
    path = package.artifacts[0].relpath
    assert path is not None
    folder, _, file_name = path.rpartition("/")
    digest = await Get(Digest, RemovePrefix(package.digest, folder)) if folder else package.digest
    if file_name != request.name:
        raise InvalidTargetException(
            f"{request.target.address}: its output must be named {request.name}, not {file_name}; "
            "set output_path"
        )
    return FunctionPex(digest)


def rules() -> Iterable[Any]:
    return collect_rules()
