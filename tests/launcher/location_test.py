"""Supported locations of the launcher, and folders to call it from."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.conftest import Machine
from launcher.fake_python import PEX_CONTENTS


def test_called_in_the_repository(machine: Machine) -> None:
    answer = machine.call("list")
    assert answer.cwd == machine.repository
    assert answer.environment["MODELYARD_CWD"] == str(machine.repository)


def test_called_in_a_sub_folder_stays_there(machine: Machine) -> None:
    folder = machine.repository / "functions" / "a model"
    folder.mkdir(parents=True)
    answer = machine.call("run", ":predict", cwd=folder, launcher="../../pants")
    assert answer.cwd == folder
    assert answer.environment["MODELYARD_CWD"] == str(folder)


def test_called_from_elsewhere_runs_in_the_repository(machine: Machine) -> None:
    answer = machine.call("list", cwd=machine.home)
    assert answer.cwd == machine.repository
    assert answer.environment["MODELYARD_CWD"] == str(machine.home)


def test_a_folder_whose_name_only_starts_alike_is_elsewhere(machine: Machine) -> None:
    neighbour = machine.root / "repository-2"
    neighbour.mkdir()
    assert machine.call("list", cwd=neighbour).cwd == machine.repository


def test_called_through_a_chain_of_symlinks(machine: Machine) -> None:
    (machine.home / "links").mkdir()
    (machine.home / "links" / "yard").symlink_to(machine.repository / "pants")
    (machine.home / "pants").symlink_to("links/yard")
    assert machine.call("list", cwd=machine.home, launcher="./pants").cwd == machine.repository


def test_called_in_a_sub_folder_reached_through_a_symlink(machine: Machine) -> None:
    (machine.repository / "lib").mkdir()
    (machine.home / "yard").symlink_to(machine.repository)
    answer = machine.call("list", cwd=machine.home / "yard" / "lib", launcher="../pants")
    assert answer.cwd == machine.repository / "lib"


def test_called_by_its_name_on_path(machine: Machine) -> None:
    (machine.bin / "yard").symlink_to(machine.repository / "pants")
    machine.install("start", 'cd "$HOME" && exec yard "$@"')
    assert machine.call("list", launcher=machine.bin / "start").cwd == machine.repository


def test_cdpath_leads_nowhere(machine: Machine) -> None:
    (machine.home / "platform" / "launcher").mkdir(parents=True)
    answer = machine.call("list", launcher="./pants", CDPATH=machine.home)
    assert answer.cwd == machine.repository


@pytest.mark.parametrize("name", ["with a space", "with 'quotes' and \"more\"", "größe %20 {x} $y"])
def test_odd_names_of_the_repository_and_the_cache(
    make_machine: Callable[..., Machine], name: str
) -> None:
    machine = make_machine(repository=name)
    cache = machine.root / f"{name} cache"
    # Pants opens the tool's path without decoding it, so the tool is copied to a plain path,
    # named after its digest: one that no real tool has.
    machine.variables["FAKE_PEX"] = f"{secrets.token_hex(32)} 8 {PEX_CONTENTS}"
    first = machine.call("list", MODELYARD_CACHE=cache)
    second = machine.call("list", MODELYARD_CACHE=cache)
    assert first.cwd == second.cwd == machine.repository
    assert second.stderr == ""
    tool = Path(second.environment["PANTS_PEX_CLI_URL_TEMPLATE"].removeprefix("file://"))
    assert tool.read_text() == "the tool"
    tool.unlink()
    assert re.fullmatch(r"[\w/.-]+", str(tool), re.ASCII)
