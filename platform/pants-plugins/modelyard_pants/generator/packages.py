"""Names that a function's folder may not have, since it is a top-level package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import InvalidTargetException

from modelyard_contract.third_party import LOCKS, module_names


@dataclass(frozen=True)
class LockedModules:
    """The modules of the packages in the repository's lock files."""

    names: frozenset[str]


@rule
async def locked_modules() -> LockedModules:
    locks = await Get(DigestContents, PathGlobs([LOCKS]))
    return LockedModules(module_names(lock.content.decode() for lock in locks))


def require_free_name(address: Address, locked: LockedModules) -> None:
    """Raise `InvalidTargetException` if a library has the name of the function's package."""
    package = os.path.basename(address.spec_path)
    if package in locked.names:
        raise InvalidTargetException(
            f"{address}: the folder has the name of the library `{package}`, which its code could "
            f"then not import; give it another, such as `{package}_model`"
        )


def rules() -> Iterable[Any]:
    return collect_rules()
