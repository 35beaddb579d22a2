"""What the launcher takes from the environment and what it gives to Pants."""

import ast
import os
from pathlib import Path

import pytest

from launcher.conftest import Machine
from launcher.fake_python import PEX_SUM


def test_the_pex_tool_is_made_known_for_every_platform(machine: Machine) -> None:
    environment = machine.call("list").environment
    known = ast.literal_eval(environment["PANTS_PEX_CLI_KNOWN_VERSIONS"])
    platforms = ["linux_x86_64", "linux_arm64", "macos_x86_64", "macos_arm64"]
    assert known == [f"v2.1.137|{platform}|{PEX_SUM}|3563509" for platform in platforms]
    tool = Path(environment["PANTS_PEX_CLI_URL_TEMPLATE"].removeprefix("file://"))
    assert tool == machine.prepared()[0] / "pex"


def test_pants_sees_the_two_pythons_and_no_others(machine: Machine) -> None:
    environment = machine.call("list").environment
    found = ast.literal_eval(environment["PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH"])
    assert found == [str(machine.bin / "python3.11"), str(machine.bin / "python3.9")]
    names = ast.literal_eval(environment["PANTS_PYTHON_BOOTSTRAP_NAMES"])
    assert names == ["python3.11", "python3.9"]


def search_paths_of_system_with(machine: Machine, *tools: str) -> str | None:
    """The folders added to a system folder with these tools; the machine's PATH has npm."""
    system = machine.root / "system"
    system.mkdir()
    for tool in ("bash", "env", "cc", "c++", "make", "node", *tools):
        (system / tool).symlink_to("/bin/sh")
    machine.install("npm", "exit 0")
    settings = f'[pex]\nexecutable_search_paths = ["/nowhere", "{system}"]\n'
    (machine.repository / "pants.toml").write_text(settings)
    return machine.call("list").environment.get("PANTS_PEX_EXECUTABLE_SEARCH_PATHS")


def test_a_tool_that_the_system_lacks_is_taken_from_path(machine: Machine) -> None:
    assert search_paths_of_system_with(machine) == f'+["{machine.bin}"]'


def test_a_tool_of_the_system_is_not_taken_from_path(machine: Machine) -> None:
    assert search_paths_of_system_with(machine, "npm") is None


def test_the_environment_is_the_same_on_every_call(machine: Machine) -> None:
    def settings() -> dict[str, str]:
        environment = machine.call("list").environment
        return {name: value for name, value in environment.items() if name.startswith("PANTS_")}

    first = settings()
    machine.variables["PATH"] = f"{machine.bin}:{machine.home}"
    assert settings() == first


def test_quiet_about_the_launcher_that_pants_would_prefer(machine: Machine) -> None:
    assert machine.call("list").environment["NO_SCIE_WARNING"] == "1"


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        (["run", "functions/openvino/coco_ssd#cpu"], True),
        (["--no-pantsd", "run", "//functions/openvino/coco_ssd#cpu"], True),
        (["run", "functions/openvino/coco_ssd#cpu-predict", "--", "cat.jpg"], False),
        (["run", "functions/openvino/coco_ssd#cpu-int8"], True),
        (["run", "functions/openvino/coco_ssd#cpu-srcs"], False),
        (["package", "functions/openvino/coco_ssd#cpu"], False),
        (["run", "functions/openvino/coco_ssd#cpu-image"], True),
        (["run", "functions/openvino/coco_ssd#cpu-image", "--", "run", "--gpus=all"], True),
        (["run", "functions/openvino/coco_ssd#cpu-image", "--", "--gpus=all"], True),
        (["run", "functions/openvino/coco_ssd#cpu-image", "--", "load"], False),
        (["run", "functions/openvino/coco_ssd#cpu-nuclio", "--", "load"], False),
        (["run", "functions/openvino/coco_ssd#cpu-nuclio", "--", "save", "f.tar"], False),
        (["run", "::deploy"], False),
        (["run", "::deploy", "--", "status"], False),
        (["run", "::deploy", "--", "debug", "coco-ssd"], True),
        (["run", "//:tool", "--", "functions/openvino/coco_ssd#cpu"], False),
    ],
)
def test_a_served_function_keeps_no_other_call_waiting(
    machine: Machine, words: list[str], alone: bool
) -> None:
    environment = machine.call(*words).environment
    assert environment.get("PANTS_CONCURRENT") == ("true" if alone else None)


def test_python_settings_of_the_user_do_not_reach_pants(machine: Machine) -> None:
    environment = machine.call("list", PYTHONPATH="/nowhere", PYTHONHOME="").environment
    assert not {"PYTHONPATH", "PYTHONHOME"} & environment.keys()


@pytest.mark.parametrize(
    "variable",
    [
        "PANTS_CONFIG_FILES",
        "PANTS_LEVEL",
        "PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH",
        "PANTS_CA_CERTS_PATH",
        "PANTS_PYTHON_REPOS_INDEXES",
        "PANTS_PYTHON_REPOS_FIND_LINKS",
        "COLUMNS",
    ],
)
def test_what_the_user_set_is_kept(machine: Machine, variable: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    machine.variables |= {
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "PIP_FIND_LINKS": str(tmp_path),
    }
    assert machine.call("list", **{variable: "mine"}).environment[variable] == "mine"


def test_a_pex_tool_of_another_checkout_is_not_kept(machine: Machine) -> None:
    answer = machine.call("list", PANTS_PEX_CLI_URL_TEMPLATE="file:///old")
    assert answer.environment["PANTS_PEX_CLI_URL_TEMPLATE"].endswith("/pex")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates(machine: Machine, variable: str, tmp_path: Path) -> None:
    bundle = tmp_path / "a bundle.pem"
    answer = machine.call("list", **{variable: bundle})
    assert "PANTS_CA_CERTS_PATH" not in answer.environment
    bundle.touch()
    answer = machine.call("list", **{variable: bundle})
    assert answer.environment["PANTS_CA_CERTS_PATH"] == str(bundle)


def test_the_first_certificate_bundle_wins(machine: Machine, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).touch()
    answer = machine.call(
        "list", SSL_CERT_FILE=tmp_path / "one", REQUESTS_CA_BUNDLE=tmp_path / "two"
    )
    assert answer.environment["PANTS_CA_CERTS_PATH"] == str(tmp_path / "one")


def test_folders_of_wheels_are_added(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "a%b").mkdir()
    (tmp_path / "second").mkdir()
    links = (
        f"{tmp_path}/a%b https://mirror.example/wheels relative {tmp_path}/gone {tmp_path}/second"
    )
    value = machine.call("list", PIP_FIND_LINKS=links).environment["PANTS_PYTHON_REPOS_FIND_LINKS"]
    assert value[0] == "+"  # Pants adds them to those in pants.toml.
    urls = [f"file://{tmp_path}/a%25b", f"file://{tmp_path}/second"]
    assert ast.literal_eval(value[1:]) == urls


def test_no_folder_of_wheels(machine: Machine, tmp_path: Path) -> None:
    answer = machine.call("list", PIP_FIND_LINKS=tmp_path / "gone")
    assert "PANTS_PYTHON_REPOS_FIND_LINKS" not in answer.environment


def test_package_index_of_the_environment(machine: Machine) -> None:
    index = 'https://user:p"w@mirror.example/simple'
    environment = machine.call("list", PIP_INDEX_URL=index).environment
    assert ast.literal_eval(environment["PANTS_PYTHON_REPOS_INDEXES"]) == [index]


def test_package_index_of_the_pip_configuration(machine: Machine) -> None:
    configured = "global.index-url='https://mirror.example/simple'\nglobal.constraint='/c.txt'"
    first = machine.call("list", FAKE_PIP_CONFIG=configured)
    second = machine.call("list")
    for answer in (first, second):
        indexes = ast.literal_eval(answer.environment["PANTS_PYTHON_REPOS_INDEXES"])
        assert indexes == ["https://mirror.example/simple"]
    (download,) = machine.calls("-m", "pip", "download")
    assert download["environment"]["PIP_INDEX_URL"] == "https://mirror.example/simple"


def test_a_changed_pip_configuration_is_read_again(machine: Machine) -> None:
    machine.call("list")
    configuration = machine.home / ".config" / "pip" / "pip.conf"
    configuration.parent.mkdir(parents=True)
    configuration.touch()
    later = (machine.prepared()[0] / "state").stat().st_mtime + 10
    os.utime(configuration, (later, later))
    answer = machine.call("list", FAKE_PIP_CONFIG="global.index-url='https://new.example/simple'")
    assert "new.example" in answer.environment["PANTS_PYTHON_REPOS_INDEXES"]
    assert len(machine.calls("-m", "venv")) == 1


def test_nothing_else_of_the_pip_configuration_is_used(machine: Machine) -> None:
    machine.call("list", PIP_CONSTRAINT="/c.txt", PIP_TARGET="/t", PIP_USER="1")
    (download,) = machine.calls("-m", "pip", "download")
    environment = download["environment"]
    assert environment["PIP_CONFIG_FILE"] == "/dev/null"
    assert not {"PIP_CONSTRAINT", "PIP_TARGET", "PIP_USER"} & environment.keys()


def test_state_is_for_the_user_alone(machine: Machine) -> None:
    machine.call("list")
    assert (machine.prepared()[0] / "state").stat().st_mode & 0o077 == 0


def test_cache_folder_follows_xdg(machine: Machine, tmp_path: Path) -> None:
    machine.call("list", XDG_CACHE_HOME=tmp_path / "xdg")
    assert len(machine.prepared(tmp_path / "xdg" / "modelyard")) == 1
    assert not (machine.home / ".cache").exists()


def test_a_relative_xdg_cache_is_ignored(machine: Machine) -> None:
    machine.call("list", XDG_CACHE_HOME="relative")
    assert len(machine.prepared()) == 1
    assert not (machine.repository / "relative").exists()


def test_own_cache_variable_comes_first(machine: Machine, tmp_path: Path) -> None:
    machine.call("list", MODELYARD_CACHE=tmp_path / "own", XDG_CACHE_HOME=tmp_path / "xdg")
    assert len(machine.prepared(tmp_path / "own")) == 1
    assert not (tmp_path / "xdg").exists()


def test_a_relative_cache_lies_where_the_call_was_made(machine: Machine) -> None:
    machine.call("list", cwd=machine.home, MODELYARD_CACHE="own")
    assert len(machine.prepared(machine.home / "own")) == 1
