"""Compares the licence that a function states with those of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    Target,
    Targets,
    TransitiveTargets,
    TransitiveTargetsRequest,
)
from pants.util.ordered_set import OrderedSet

from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.identity import LicenceField
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.weights.targets import CodeLicenceField, LicenceStatedAtField

_AND = " AND "


@dataclass(frozen=True)
class LicencesRequest:
    """The licences of the weights of a target that has the fields of a function."""

    target: Target


@dataclass(frozen=True)
class Licences:
    """Where the licences of a function's weights are stated, and the licence of the authors' code.

    `code` is empty if the code has the licence of the weights.
    """

    stated_at: tuple[str, ...]
    code: str


@rule
async def licences(request: LicencesRequest) -> Licences:
    target = request.target
    direct = await Get(Targets, DependenciesRequest(target[VariantDependenciesField]))
    # An exported network has the licence of the weights that it is made from.
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([t.address for t in direct]))
    found = (each for each in transitive.closure if each.has_field(LicenceStatedAtField))
    weights = sorted(found, key=lambda each: each.address)
    _require_same(target, weights)
    return Licences(
        stated_at=tuple(OrderedSet(str(each[LicenceStatedAtField].value) for each in weights)),
        code=_AND.join(
            OrderedSet(filter(None, (each[CodeLicenceField].value for each in weights)))
        ),
    )


def _require_same(target: Target, weights: Iterable[Target]) -> None:
    theirs = OrderedSet(each[LicenceField].value for each in weights)
    own = target[LicenceField].value
    if theirs and set(str(own).split(_AND)) != set(theirs):
        raise InvalidModelFunction(
            target.address,
            LicenceField.alias,
            own,
            f"its weights have {_AND.join(map(str, theirs))!r}; use that, or correct theirs",
        )


def rules() -> Iterable[Any]:
    return collect_rules()
