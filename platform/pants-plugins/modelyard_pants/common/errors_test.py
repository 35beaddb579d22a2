"""The one line that people see when a BUILD file is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException

from modelyard_pants.common.errors import InvalidModelFunction

ADDRESS = Address("functions/openvino/f")


def _said(value: Any) -> str:
    return str(InvalidModelFunction(ADDRESS, "workers", value, "1 to 64 processes are accepted"))


def test_it_names_target_field_value_and_what_is_accepted() -> None:
    assert _said(65) == (
        "functions/openvino/f:f: the field `workers` is 65; 1 to 64 processes are accepted"
    )


def test_a_generated_target_is_named_as_users_write_it() -> None:
    address = ADDRESS.create_generated("gpu")
    said = str(InvalidModelFunction(address, "gpus", 0, "at least 1"))
    assert said == "functions/openvino/f#gpu: the field `gpus` is 0; at least 1"


def test_pants_shows_it_without_a_traceback() -> None:
    """Pants prints the message alone of errors of this kind."""
    assert issubclass(InvalidModelFunction, InvalidFieldException)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r"'a\nb'"),
        ("a\u2028b", r"'a\u2028b'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("猫", "'猫'"),
        ("", "''"),
        (None, "None"),
        (("a", 1), "('a', 1)"),
    ],
)
def test_a_value_is_shown_on_the_same_line(value: Any, shown: str) -> None:
    said = _said(value)
    assert f"is {shown}; " in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("letters", "shown"),
    [
        # 118 letters and two quotes are 120 characters.
        (118, "'" + "x" * 118 + "'"),
        (119, "'" + "x" * 119 + "…"),
        (100_000, "'" + "x" * 119 + "…"),
    ],
)
def test_a_long_value_is_cut_after_120_characters(letters: int, shown: str) -> None:
    assert f"is {shown}; 1 to 64" in _said("x" * letters)
