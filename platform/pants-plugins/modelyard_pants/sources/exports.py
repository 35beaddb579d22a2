"""`from modelyard import Detector` depends only on the module that defines the class.

The library's own `__init__.py` imports it lazily, which Pants cannot see.
"""

from __future__ import annotations

from typing import Any, Iterable

from pants.backend.python.dependency_inference.module_mapper import (
    FirstPartyPythonMappingImpl,
    FirstPartyPythonMappingImplMarker,
    FirstPartyPythonTargetsMappingMarker,
)
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.unions import UnionRule

from modelyard_contract.exports import MODULES, PACKAGE


class ExportsMappingMarker(FirstPartyPythonMappingImplMarker):
    pass


@rule(desc="Map the library's names to the modules that define them")
async def map_exports(_: ExportsMappingMarker) -> FirstPartyPythonMappingImpl:
    sources = await Get(
        FirstPartyPythonMappingImpl,
        FirstPartyPythonTargetsMappingMarker,
        FirstPartyPythonTargetsMappingMarker(),
    )
    return FirstPartyPythonMappingImpl.create(
        {
            resolve: {
                f"{PACKAGE}.{name}": list(providers[module])
                for name, module in MODULES.items()
                if module in providers
            }
            for resolve, providers in sources.items()
        }
    )


def rules() -> Iterable[Any]:
    return (
        *collect_rules(),
        UnionRule(FirstPartyPythonMappingImplMarker, ExportsMappingMarker),
    )
