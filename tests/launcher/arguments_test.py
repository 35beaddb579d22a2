"""The arguments that reach Pants."""

import pytest

from launcher.conftest import Machine


def test_deploy_becomes_an_address(machine: Machine) -> None:
    assert machine.call("run", "::deploy").arguments == ["run", "//:deploy"]


def test_deploy_is_translated_wherever_it_stands(machine: Machine) -> None:
    answer = machine.call("-ldebug", "peek", "::deploy", "lib::", "::deploy", "--", "status")
    assert answer.arguments == [
        *["-ldebug", "peek", "//:deploy", "lib::", "//:deploy", "--", "status"]
    ]


@pytest.mark.parametrize(
    "word",
    [
        "::",
        ":deploy",
        "//:deploy",
        "::deploy2",
        "::deploy ",
        ":::deploy",
        "lib::deploy",
        "--x=::deploy",
        "-::deploy",
        "::Deploy",
        "",
        "two words",
        "*",
        "$HOME `id`",
        "quo\"te's",
        "two\nlines",
        "größe",
        "\\",
    ],
)
def test_every_other_word_stays_as_it_is(machine: Machine, word: str) -> None:
    assert machine.call("run", word, "x").arguments == ["run", word, "x"]


def test_words_after_two_dashes_belong_to_the_program(machine: Machine) -> None:
    answer = machine.call("run", "::deploy", "--", "::deploy", "--", "::deploy")
    assert answer.arguments == ["run", "//:deploy", "--", "::deploy", "--", "::deploy"]


def test_no_words_at_all(machine: Machine) -> None:
    assert machine.call().arguments == []


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_exit_code_is_that_of_pants(machine: Machine, code: int) -> None:
    assert machine.call("test", "::", FAKE_EXIT=str(code)).code == code
