"""Every release of the repository, with unique names and ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.rules import collect_rules, rule
from pants.engine.target import AllTargets, InvalidTargetException, Target

from modelyard_contract.ports import PortRuleError, require_unique
from modelyard_pants.function.identity import FunctionNameField
from modelyard_pants.function.target_spec import function_port
from modelyard_pants.release.targets import ReleaseMarkerField


@dataclass(frozen=True)
class AllReleases:
    """Every release target of the repository, by address, with unique names and ports."""

    targets: tuple[Target, ...]


@rule
async def all_releases(all_targets: AllTargets) -> AllReleases:
    targets = tuple(t for t in all_targets if t.has_field(ReleaseMarkerField))
    names: dict[str, Target] = {}
    for target in targets:
        name = str(target[FunctionNameField].value)
        if name in names:
            raise InvalidTargetException(
                f"{target.address} and {names[name].address} are both named {name}; in Nuclio one "
                "would replace the other: set function_name on one of them"
            )
        names[name] = target
    try:
        require_unique({t.address.spec: function_port(t) for t in targets})
    except PortRuleError as error:
        raise InvalidTargetException(str(error)) from None
    return AllReleases(targets)


def rules() -> Iterable[Any]:
    return collect_rules()
