"""Which fields a function has, what they are by default, and which of them a variant may set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import Field, RequiredFieldMissingException
from pants.util.frozendict import FrozenDict

from modelyard_pants.function.fields import FUNCTION_FIELDS, VARIANT_FIELDS, values_for
from modelyard_pants.nuclio.targets import NuclioSpec

ADDRESS = Address("functions/openvino/my_f")
BY_ALIAS = {field.alias: field for field in FUNCTION_FIELDS}

# docs/targets.md, "required".
REQUIRED = {"description", "display_name", "framework", "licence", "origin", "type"}
# docs/targets.md, "default"; a mapping that is left out is empty.
DEFAULTS: dict[str, Any] = {
    "annotations": FrozenDict(),
    "availability_timeout": 10.0,
    "base_image": None,
    "cpus": None,
    "env": FrozenDict(),
    "event_timeout": 60.0,
    # "Defaults to the target's name with `_` written as `-`."
    "function_name": "my-f",
    "gpu_memory": None,
    "gpus": 0,
    "handler": "handler.py",
    "head": None,
    "head_options": FrozenDict(),
    "idle_timeout": None,
    "labels": (),
    "max_body": 32 * 1024 * 1024,
    "memory": None,
    "params": FrozenDict(),
    "port": None,
    "workers": 1,
}
# docs/targets.md, "A variant may say", without what is the generator's own.
OF_A_VARIANT = {
    "function_name",
    "display_name",
    "description",
    "handler",
    "port",
    "workers",
    "event_timeout",
    "availability_timeout",
    "idle_timeout",
    "max_body",
    "env",
    "memory",
    "cpus",
    "gpus",
    "gpu_memory",
    "params",
    "base_image",
}


def test_every_field_is_required_or_has_a_default() -> None:
    assert set(BY_ALIAS) == REQUIRED | set(DEFAULTS)


@pytest.mark.parametrize("alias", sorted(REQUIRED))
def test_a_function_cannot_do_without_it(alias: str) -> None:
    with pytest.raises(RequiredFieldMissingException, match=alias):
        BY_ALIAS[alias](None, ADDRESS)


@pytest.mark.parametrize("alias", DEFAULTS)
def test_a_field_that_is_left_out_has_the_documented_default(alias: str) -> None:
    assert BY_ALIAS[alias](None, ADDRESS).value == DEFAULTS[alias]


def test_a_variant_may_set_what_does_not_make_it_another_model() -> None:
    assert {field.alias for field in VARIANT_FIELDS} == OF_A_VARIANT


@pytest.mark.parametrize("field", FUNCTION_FIELDS, ids=lambda field: field.alias)
def test_its_own_value_is_accepted_again(field: type[Field]) -> None:
    """A generator's values become those of what it generates, and pass the same checks."""
    given = {"framework": "openvino", "type": "detector"}
    raw = given.get(field.alias, "words") if field.alias in REQUIRED else None
    first = field(raw, ADDRESS).value
    assert field(first, ADDRESS).value == first


@dataclass
class _Wanted:
    workers: int
    cpus: str
    elsewhere: str = ""


def test_values_are_those_that_a_struct_has_attributes_for() -> None:
    needed = dict.fromkeys(REQUIRED - {"framework", "type"}, "words")
    fields = {**needed, "framework": "openvino", "type": "detector", "variant": "cpu"}
    target = NuclioSpec({**fields, "workers": 3, "cpus": "1500m", "port": 31234}, ADDRESS)
    assert values_for(_Wanted, target) == {"workers": 3, "cpus": "1500m"}
