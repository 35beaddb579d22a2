"""The tools named by options of `[modelyard]`, for processes in a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.target_types import EntryPoint
from pants.backend.python.util_rules.pex import VenvPex
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.engine.addresses import Addresses, UnparsedAddressInputs
from pants.engine.rules import Get, collect_rules, rule

from modelyard_pants.common.lookups import option_address
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class OptionTool:
    """A module, and the option with the address of a `pex_binary` that contains it."""

    option: str
    module: str


@rule
async def option_tool(tool: OptionTool, modelyard: Modelyard) -> VenvPex:
    addresses = await Get(Addresses, UnparsedAddressInputs, option_address(tool.option, modelyard))
    return await Get(
        VenvPex,
        PexFromTargetsRequest(
            addresses,
            output_filename=f"{tool.module}.pex",
            internal_only=True,
            main=EntryPoint(tool.module),
        ),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
