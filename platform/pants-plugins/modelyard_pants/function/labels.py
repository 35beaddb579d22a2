"""Reads the label list that a function's `labels` field gives or names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import (
    DependenciesRequest,
    HydratedSources,
    HydrateSourcesRequest,
    InvalidFieldException,
    Targets,
)
from pants.util.frozendict import FrozenDict

from modelyard_contract.labels import normalise_labels
from modelyard_pants.function.model import LabelsField
from modelyard_pants.function.targets import LabelSetSourceField
from modelyard_pants.function.variants import VariantDependenciesField


@dataclass(frozen=True)
class FunctionLabelsRequest:
    labels: LabelsField
    dependencies: VariantDependenciesField


@dataclass(frozen=True)
class FunctionLabels:
    """A function's labels in the form that CVAT reads, checked against its rules."""

    labels: tuple[FrozenDict[str, Any], ...]

    def plain(self) -> list[Mapping[str, Any]]:
        """The labels as plain lists and dictionaries, for JSON and YAML writers."""
        return thaw(self.labels)


def thaw(value: Any) -> Any:
    """Plain lists and dictionaries from the frozen forms that fields hold."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    return value


@rule
async def function_labels(request: FunctionLabelsRequest) -> FunctionLabels:
    if request.labels.label_set is None:
        return FunctionLabels(request.labels.inline)
    targets = await Get(Targets, DependenciesRequest(request.dependencies))
    sets = [target for target in targets if target.has_field(LabelSetSourceField)]
    if len(sets) != 1:
        raise InvalidFieldException(
            f"{request.labels.label_set}: the field `labels` of {request.dependencies.address} "
            f"must be the address of one label_set, not of {len(sets)}"
        )
    return await Get(FunctionLabels, LabelSetSourceField, sets[0][LabelSetSourceField])


@rule
async def read_label_set(source: LabelSetSourceField) -> FunctionLabels:
    sources = await Get(HydratedSources, HydrateSourcesRequest(source))
    contents = await Get(DigestContents, Digest, sources.snapshot.digest)
    return FunctionLabels(_parse(contents[0].content, source.address))


def _parse(content: bytes, address: Address) -> tuple[FrozenDict[str, Any], ...]:
    try:
        labels = normalise_labels(json.loads(content))
    except (ValueError, TypeError) as error:
        raise InvalidFieldException(f"{address}: the label set cannot be used: {error}") from None
    if not labels:
        raise InvalidFieldException(f"{address}: the label set cannot be used: it is empty")
    return tuple(FrozenDict.deep_freeze(label) for label in labels)


def rules() -> Iterable[Any]:
    return collect_rules()
