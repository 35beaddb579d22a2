"""Rolling back, exporting and importing on the embedded platform."""

import json
from pathlib import Path

from modelyard_contract.nuclio import DIGEST
from modelyard_tools.deployer.core.history import History, Record
from modelyard_tools.deployer.testing.deployer import Deployer
from modelyard_tools.embedded.testing.process import request
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease


def release(port: int, version: str) -> FakeRelease:
    return FakeRelease(
        name="echo",
        port=port,
        source=HANDLER.format(version=version),
        licence="MIT",
        origin="these tests",
    )


def version_on(port: int) -> str:
    version: str = request(port, "POST", "/", b"{}").json["version"]
    return version


def test_rollback_restores_the_previous_version_and_again_undoes_it(deployer: Deployer) -> None:
    port = free_port()
    assert deployer.run(build=deployer.build(release(port, "1"))).returncode == 0
    refused = deployer.run("rollback", "echo")
    assert refused.returncode == 1
    assert "no earlier version of echo is known" in refused.stderr
    second = deployer.build(release(port, "2"))
    assert deployer.run(build=second).returncode == 0
    # A run that changes nothing does not remove the earlier version.
    assert deployer.run(build=second).returncode == 0
    done = deployer.run("rollback", "echo")
    assert done.returncode == 0, done.stderr
    assert version_on(port) == "1"
    assert deployer.run("rollback", "echo").returncode == 0
    assert version_on(port) == "2"
    assert deployer.run("rollback", "ecko").returncode == 2


def test_export_and_import(deployer: Deployer, tmp_path: Path) -> None:
    port = free_port()
    build = deployer.build(release(port, "1"))
    assert deployer.run(build=build).returncode == 0
    (function,) = json.loads(deployer.run("status", "--json").stdout)["functions"]
    assert (function["licence"], function["origin"]) == ("MIT", "these tests")
    file = tmp_path / "functions.json"
    assert deployer.run("export", "--out", str(file)).returncode == 0
    assert deployer.run("delete", "echo").returncode == 0
    done = deployer.run("import", str(file))
    assert done.returncode == 0, done.stderr
    assert version_on(port) == "1"
    (config,) = json.loads(file.read_text())
    config["metadata"]["annotations"][DIGEST] = "0" * 64
    file.write_text(json.dumps([config]))
    refused = deployer.run("import", str(file))
    assert refused.returncode == 1
    assert "is not installed here" in refused.stderr
    assert version_on(port) == "1"


def test_prune_removes_what_is_not_in_the_build(deployer: Deployer) -> None:
    port = free_port()
    other = FakeRelease(name="other", port=free_port())
    assert deployer.run(build=deployer.build(release(port, "1"), other)).returncode == 0
    done = deployer.run("prune", build=deployer.build(release(port, "2")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split() == ["remove", "other", "not", "in", "this", "build"]
    functions = json.loads(deployer.run("status", "--json").stdout)["functions"]
    assert [each["name"] for each in functions] == ["echo"]
    assert version_on(port) == "1"


def test_reconcile_starts_a_platform_that_has_ended(deployer: Deployer) -> None:
    port = free_port()
    assert deployer.run(build=deployer.build(release(port, "1"))).returncode == 0
    assert deployer.run("stop").returncode == 0
    assert deployer.run("reconcile").returncode == 0
    assert version_on(port) == "1"


def config(image: str) -> dict[str, object]:
    return {"metadata": {"name": "echo"}, "spec": {"image": image}}


def test_history_keeps_the_previous_release_not_the_previous_deployment(tmp_path: Path) -> None:
    record = Record().served(config("a")).served(config("b"))
    assert record.previous == config("a")
    assert record.started("x").served(config("b")).previous == config("a")
    assert record.served(config("a")).previous == config("b")
    history = History(tmp_path / "history")
    history.write("echo", record)
    assert history.read("echo") == record
    assert history.configs() == [config("b"), config("a")]
    (tmp_path / "history" / "echo.json").write_text("{")
    assert history.read("echo") == Record()
