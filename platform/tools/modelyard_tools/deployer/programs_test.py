"""The commands' output for programs (`--json`), on the embedded platform."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard_contract.nuclio import DIGEST
from modelyard_tools.deployer.testing.deployer import Build, Deployer
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease

REFUSING = HANDLER.format(version="1").replace(
    "status_code=200", 'status_code=400 if "threshold" in event.body else 200'
)


def release(port: int, version: str) -> FakeRelease:
    return FakeRelease(name="echo", port=port, source=HANDLER.format(version=version))


def output_of(
    deployer: Deployer, *arguments: str, build: Build | None = None, code: int = 0
) -> dict[str, Any]:
    """Return a command's output with `--json`: standard output contains nothing else."""
    done = deployer.run(*arguments, "--json", build=build)
    assert done.returncode == code, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def states(content: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["state"] for each in content["functions"]}


def test_prune_delete_and_import(deployer: Deployer, tmp_path: Path) -> None:
    first, other = release(free_port(), "1"), FakeRelease(name="other", port=free_port())
    assert deployer.run(build=deployer.build(first, other)).returncode == 0
    pruned = output_of(deployer, "prune", build=deployer.build(first))
    assert pruned["plan"] == [{"name": "other", "action": "remove", "reason": "not in this build"}]
    assert pruned["failures"] == {}
    assert states(pruned) == {"echo": "ready"}
    assert output_of(deployer, "prune", build=deployer.build(first))["plan"] == []

    file = tmp_path / "functions.json"
    assert deployer.run("export", "--out", str(file)).returncode == 0
    assert output_of(deployer, "delete", "echo") == {"deleted": "echo", "functions": []}
    restored = output_of(deployer, "import", str(file))
    assert restored["failures"] == {}
    assert states(restored) == {"echo": "ready"}
    (config,) = json.loads(file.read_text())
    config["metadata"]["annotations"][DIGEST] = "0" * 64
    file.write_text(json.dumps([config]))
    refused = output_of(deployer, "import", str(file), code=1)
    assert "is not installed here" in refused["failures"]["echo"]
    assert refused["functions"] == restored["functions"]


def test_rollback(deployer: Deployer) -> None:
    first = release(free_port(), "1")
    second = release(first.port, "2")
    for each in (first, second):
        assert deployer.run(build=deployer.build(each)).returncode == 0
    content = output_of(deployer, "rollback", "echo")
    assert content["version"] == first.digest
    assert [each["release"] for each in content["functions"]] == [first.digest]


def test_invoke_and_stop(deployer: Deployer, tmp_path: Path) -> None:
    echo = FakeRelease(name="echo", port=free_port(), source=REFUSING)
    assert deployer.run(build=deployer.build(echo)).returncode == 0
    image = tmp_path / "image.png"
    image.write_bytes(b"pixels")
    answered = output_of(deployer, "invoke", "echo", str(image))
    assert (answered["status"], answered["body"]["path"]) == (200, "/")
    refused = output_of(deployer, "invoke", "echo", str(image), "--threshold", "0.5", code=1)
    assert (refused["status"], refused["body"]["path"]) == (400, "/")
    assert output_of(deployer, "stop") == {"stopped": True}
    assert output_of(deployer, "stop") == {"stopped": False}


@pytest.mark.parametrize("command", ["delete", "rollback"])
def test_a_complete_failure_prints_no_json(deployer: Deployer, command: str) -> None:
    done = deployer.run(command, "echo", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the platform is not running" in done.stderr
