"""What a tool in a sandbox is. Its environment needs an index; the end-to-end tests build it."""

from __future__ import annotations

from typing import Any

import pytest
from pants.backend.python.target_types import EntryPoint
from pants.backend.python.util_rules.pex import VenvPex
from pants.backend.python.util_rules.pex_from_targets import PexFromTargetsRequest
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.fs import Digest
from pants.testutil.option_util import create_subsystem
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks

from modelyard_pants.common.option_tools import OptionTool, option_tool
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.testing.tools import venv_pex_of

VENV = venv_pex_of(Digest("a" * 64, 1))


@pytest.mark.parametrize("option", ["image_builder", "weights_fetcher"])
def test_a_module_of_the_target_that_the_option_names(option: str) -> None:
    asked: list[PexFromTargetsRequest] = []

    def addresses(named: UnparsedAddressInputs) -> Addresses:
        assert named.values == ("tools:it",)
        assert named.description_of_origin == f"the option [modelyard].{option}"
        return Addresses([Address("tools", target_name="it")])

    def venv(request: PexFromTargetsRequest) -> VenvPex:
        asked.append(request)
        return VENV

    settings: dict[str, Any] = {option: "tools:it"}
    tool = run_rule_with_mocks(
        option_tool,
        rule_args=[OptionTool(option, "tools.main"), create_subsystem(Modelyard, **settings)],
        mock_gets=[
            MockGet(Addresses, (UnparsedAddressInputs,), addresses),
            MockGet(VenvPex, (PexFromTargetsRequest,), venv),
        ],
    )
    assert tool == VENV
    (request,) = asked
    assert request.addresses == Addresses([Address("tools", target_name="it")])
    assert request.main == EntryPoint("tools.main")
    # Two tools of one target do not take each other's file.
    assert request.output_filename == "tools.main.pex"
    # It is run here only, so it may take shortcuts and never reaches a user.
    assert request.internal_only is True
