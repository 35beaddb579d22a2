"""Lookups shared by several rules: a target among dependencies, an address in an option."""

from __future__ import annotations

from typing import Iterable

from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.target import Target

from modelyard_pants.subsystem import Modelyard


def only(targets: Iterable[Target], kind: type[Target]) -> Target:
    """The only target of that type, which `model_function` put among these dependencies."""
    return next(target for target in targets if isinstance(target, kind))


def option_address(option: str, modelyard: Modelyard) -> UnparsedAddressInputs:
    """The address that an option of `[modelyard]` holds, with errors that name the option."""
    return UnparsedAddressInputs(
        [getattr(modelyard, option)],
        owning_address=None,
        description_of_origin=f"the option [{modelyard.options_scope}].{option}",
    )
