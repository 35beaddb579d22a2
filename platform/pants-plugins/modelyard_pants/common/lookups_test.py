from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import Target
from pants.testutil.option_util import create_subsystem

from modelyard_pants.common.lookups import only, option_address
from modelyard_pants.deploy.targets import ModelDeploy
from modelyard_pants.function.targets import LabelSet
from modelyard_pants.subsystem import Modelyard

LABELS = LabelSet({"source": "pets.json"}, Address("lib/labels", target_name="pets"))
DEPLOY = ModelDeploy({}, Address("", target_name="deploy"))


@pytest.mark.parametrize("targets", [(LABELS, DEPLOY), (DEPLOY, LABELS)])
def test_a_target_is_found_by_its_kind_wherever_it_stands(targets: tuple[Target, ...]) -> None:
    assert only(targets, LabelSet) is LABELS
    assert only(targets, ModelDeploy) is DEPLOY


@pytest.mark.parametrize("option", ["deployer", "platform", "image_base", "weights_fetcher"])
def test_an_address_comes_from_its_option_which_errors_name(option: str) -> None:
    settings: dict[str, Any] = {option: "tools/mine:it"}
    inputs = option_address(option, create_subsystem(Modelyard, **settings))
    assert inputs.values == ("tools/mine:it",)
    # An option is no BUILD file: its addresses are relative to the root.
    assert not inputs.relative_to
    assert inputs.description_of_origin == f"the option [modelyard].{option}"
