"""`package` of a function's first-party code, if named: the release contains it anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import (
    PexBinary,
    PexEntryPointField,
    PexIncludeRequirementsField,
    PexLayout,
    PexLayoutField,
    PythonResolveField,
)
from pants.core.goals.package import (
    BuiltPackage,
    EnvironmentAwarePackageRequest,
    OutputPathField,
    PackageFieldSet,
)
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import Target, WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionRule

from modelyard_pants.common.named import Named, NamedRequest
from modelyard_pants.sources.targets import ModelSourcesEntryPointField


@dataclass(frozen=True)
class SourcesFieldSet(PackageFieldSet):
    required_fields = (ModelSourcesEntryPointField,)

    entry_point: ModelSourcesEntryPointField
    output_path: OutputPathField


def as_pex_binary(sources: Target) -> PexBinary:
    """Return a `pex_binary` with the dependencies of a `ModelSources`, without requirements."""
    entry_point = sources[ModelSourcesEntryPointField].value
    assert entry_point is not None
    return PexBinary(
        {
            PexEntryPointField.alias: entry_point.spec,
            PythonResolveField.alias: sources[PythonResolveField].value,
            PexIncludeRequirementsField.alias: False,
            # A zip file records file modes, and thus the umask of the user who built it.
            PexLayoutField.alias: PexLayout.LOOSE.value,
            OutputPathField.alias: sources[OutputPathField].value,
        },
        sources.address,
    )


@rule(desc="Package the sources of a function")
async def package_sources(field_set: SourcesFieldSet) -> BuiltPackage:
    if not (await Get(Named, NamedRequest(field_set.address))).by_user:
        return BuiltPackage(EMPTY_DIGEST, ())
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(field_set.address, description_of_origin="package")
    )
    pex = PexBinaryFieldSet.create(as_pex_binary(wrapped.target))
    return await Get(BuiltPackage, EnvironmentAwarePackageRequest(pex))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(PackageFieldSet, SourcesFieldSet))
