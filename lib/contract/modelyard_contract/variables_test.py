from __future__ import annotations

import pytest

from modelyard_contract.variables import VariableError, check_variables, setting


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUDA_VISIBLE_DEVICES", "1"),
        ("_x1", ""),
        ("GREETING", 'say "é" $HOME `x` \\'),
        ("MODELYARD_THREADS", "2"),
        ("MODELYARD_IMAGE_CACHE", "0"),
        ("MODELYARD_MAX_PIXELS", "250000000"),
        ("PYTHONUNBUFFERED", "1"),
        ("MY_PATH", "/a"),
    ],
)
def test_an_authors_own_variables_are_accepted(name: str, value: str) -> None:
    check_variables({name: value})


@pytest.mark.parametrize(
    "name",
    [
        "NUCLIO_HANDLER",
        "NUCLIO_",
        "MODELYARD_DEVICE",
        "MODELYARD_WORKERS",
        "PATH",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSAFEPATH",
    ],
)
def test_the_runtimes_variables_are_refused(name: str) -> None:
    with pytest.raises(VariableError, match="the runtime sets it") as error:
        check_variables({name: "x"})
    assert error.value.what == name


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "Ä"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(VariableError, match="letters, digits and `_`"):
        check_variables({name: "x"})


@pytest.mark.parametrize("value", ["it's", "a\nb", "a\0b", "a\rb"])
def test_a_value_that_breaks_nuclios_shell_line_is_refused(value: str) -> None:
    with pytest.raises(VariableError, match="on one line, without single quotes") as error:
        check_variables({"A": value})
    assert error.value.what == value


def test_a_setting_of_the_server_has_a_variable() -> None:
    assert setting("health_port") == "MODELYARD_HEALTH_PORT"
