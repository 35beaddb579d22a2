"""Applies the rules between fields when targets are generated from a `model_function`."""

from __future__ import annotations

import logging
from typing import Iterable, Sequence

from pants.engine.addresses import Address
from pants.engine.target import InvalidTargetException, Target

from modelyard_contract.ports import PortRuleError, require_unique
from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.fields import values_for
from modelyard_pants.function.identity import FunctionNameField, HandlerField
from modelyard_pants.function.labels import thaw
from modelyard_pants.function.model import LabelsField
from modelyard_pants.function.serving import PortField
from modelyard_pants.function.target_spec import function_port
from modelyard_pants.function.variants import VariantField
from modelyard_pants.generator.settings import (
    ModelSettings,
    Problem,
    VariantSettings,
    model_problems,
    variant_problems,
    variant_warnings,
)
from modelyard_pants.nuclio.size import MAX_BYTES, nuclio_bytes

logger = logging.getLogger(__name__)


def require_usable_model(generator: Target) -> None:
    """Raise `InvalidModelFunction` for errors in any variant of a function."""
    labels = generator[LabelsField]
    handler = generator[HandlerField].value
    values = {
        **values_for(ModelSettings, generator),
        "labels": labels.label_set or labels.inline,
        "handler": handler if handler != HandlerField.default else None,
    }
    model = ModelSettings(**values)
    _refuse(generator.address, model_problems(model))
    size = nuclio_bytes({"labels": thaw(labels.inline)})
    if size > MAX_BYTES:
        raise InvalidModelFunction(
            generator.address,
            labels.alias,
            f"{len(labels.inline)} labels",
            f"{size} bytes are more than the {MAX_BYTES} that Nuclio's docker command line takes",
        )


def require_usable_variant(release: Target, *, cvat_timeout: float) -> None:
    """Raise `InvalidModelFunction` if a variant cannot work; warn about questionable settings."""
    values = values_for(VariantSettings, release)
    variant = VariantSettings(variant=str(release[VariantField].value), **values)
    _refuse(release.address, variant_problems(variant, cvat_timeout=cvat_timeout))
    for doubt in variant_warnings(variant):
        logger.warning(str(InvalidModelFunction(release.address, *_parts(doubt))))


def require_distinct(releases: Sequence[Target]) -> None:
    """Raise if two variants of a function would replace each other or share a port."""
    names: dict[str, Address] = {}
    for release in releases:
        name = str(release[FunctionNameField].value)
        if name in names:
            raise InvalidModelFunction(
                release.address,
                FunctionNameField.alias,
                name,
                f"{names[name]} has the same name, and in Nuclio one would replace the other",
            )
        names[name] = release.address
    try:
        require_unique({release.address.spec: function_port(release) for release in releases})
    except PortRuleError as error:
        raise InvalidTargetException(f"{error} (field `{PortField.alias}`)") from None


def _refuse(address: Address, problems: Iterable[Problem]) -> None:
    for problem in problems:
        raise InvalidModelFunction(address, *_parts(problem))


def _parts(problem: Problem) -> tuple:
    return problem.field, problem.value, problem.accepted
