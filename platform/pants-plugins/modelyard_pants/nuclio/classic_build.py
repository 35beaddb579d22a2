"""The inputs of a function's classic form: a base image, and the exact requirements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.target_types import PexBinary
from pants.core.goals.package import BuiltPackage, EnvironmentAwarePackageRequest
from pants.engine.fs import Digest, DigestContents, DigestSubset, GlobMatchErrorBehavior, PathGlobs
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import DependenciesRequest, InvalidTargetException, Target, Targets

from modelyard_pants.function.variants import VariantDependenciesField, VariantResolveField
from modelyard_pants.nuclio.classic import ClassicBuild
from modelyard_pants.nuclio.requirements import NotLocked, locked_requirements
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class ClassicBuildRequest:
    """A target whose dependencies include the PEX of its resolve."""

    target: Target


@dataclass(frozen=True)
class WheelsRequest:
    """A `pex_binary` with the layout `packed` or `loose`, whose contents are listed in a file."""

    target: Target


@dataclass(frozen=True)
class Wheels:
    """The file names of the distributions in a PEX."""

    names: tuple[str, ...]


@rule
async def wheels_of_pex(request: WheelsRequest) -> Wheels:
    package = await Get(
        BuiltPackage, EnvironmentAwarePackageRequest(PexBinaryFieldSet.create(request.target))
    )
    info = f"{package.artifacts[0].relpath}/PEX-INFO"
    listing = await Get(
        Digest,
        DigestSubset(
            package.digest,
            PathGlobs(
                [info],
                glob_match_error_behavior=GlobMatchErrorBehavior.error,
                description_of_origin=f'{request.target.address}, which needs layout="packed"',
            ),
        ),
    )
    contents = await Get(DigestContents, Digest, listing)
    return Wheels(tuple(json.loads(contents[0].content)["distributions"]))


@rule
async def classic_build(
    request: ClassicBuildRequest, modelyard: Modelyard, python_setup: PythonSetup
) -> ClassicBuild:
    target = request.target
    resolve = str(target[VariantResolveField].value)
    lock_path = python_setup.resolves[resolve]
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    dependencies = next(item for item in direct if isinstance(item, PexBinary))
    wheels, lock = await MultiGet(
        Get(Wheels, WheelsRequest(dependencies)),
        Get(
            DigestContents,
            PathGlobs(
                [lock_path],
                glob_match_error_behavior=GlobMatchErrorBehavior.error,
                description_of_origin=f"the option [python].resolves, `{resolve}`",
            ),
        ),
    )
    try:
        requirements = locked_requirements(lock[0].content.decode(), wheels.names)
    except NotLocked as error:
        raise InvalidTargetException(f"{target.address}: {lock_path}: {error}") from None
    return ClassicBuild(
        base_image=modelyard.classic_base_image,
        requirements=requirements,
        pip_args=tuple(modelyard.classic_pip_args),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
