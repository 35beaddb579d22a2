"""The commands' output for programs (`--json`), on Nuclio."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.deployer.nuclio.testing.versions import FULL, echo
from modelyard_tools.deployer.nuclio.testing.world import NuclioRelease, World, answering
from modelyard_tools.deployer.testing.deployer import Build
from modelyard_tools.testing.ports import free_port


def output_of(
    world: World, *arguments: str, build: Build | None = None, code: int = 0
) -> dict[str, Any]:
    """Return a command's output with `--json`: standard output contains nothing else."""
    done = world.deployer.run(*arguments, "--json", build=build)
    assert done.returncode == code, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def states(content: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["state"] for each in content["functions"]}


def test_prune_delete_and_import(world: World, port: int, tmp_path: Path) -> None:
    other = NuclioRelease(name="other", port=free_port())
    assert world.deployer.run(build=world.build(echo(port, "1"), other)).returncode == 0
    pruned = output_of(world, "prune", build=world.build(echo(port, "1")))
    assert pruned["plan"] == [{"name": "other", "action": "remove", "reason": "not in this build"}]
    assert pruned["failures"] == {}
    assert states(pruned) == {"echo": "ready"}

    file = tmp_path / "functions.json"
    assert world.deployer.run("export", "--out", str(file)).returncode == 0
    assert output_of(world, "delete", "echo") == {"deleted": "echo", "functions": []}
    world.docker_faults.plant("docker create trial", "fail", text=FULL)
    refused = output_of(world, "import", str(file), code=1)
    assert "no space left on device" in refused["failures"]["echo"]
    assert refused["functions"] == []
    restored = output_of(world, "import", str(file))
    assert restored["failures"] == {}
    assert states(restored) == {"echo": "ready"}
    assert answering(port) == "1"


def test_rollback_and_invoke(world: World, port: int, tmp_path: Path) -> None:
    assert world.deployer.run(build=world.build(echo(port, "2"))).returncode == 0
    content = output_of(world, "rollback", "echo")
    assert content["version"] == world.nuclio.function("echo")["spec"]["image"]
    assert [each["release"] for each in content["functions"]] == [echo(port, "1").digest]
    image = tmp_path / "image.png"
    image.write_bytes(b"pixels")
    answered = output_of(world, "invoke", "echo", str(image))
    assert (answered["status"], answered["body"]["version"]) == (200, "1")


@pytest.mark.parametrize("command", ["delete", "rollback"])
def test_a_complete_failure_prints_no_json(world: World, command: str) -> None:
    done = world.deployer.run(command, "echo", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "echo" in done.stderr
