"""The commands besides `apply`, on Nuclio: the same as on the embedded platform."""

import json
from pathlib import Path

import pytest

from modelyard_tools.deployer.nuclio.testing.world import (
    NuclioRelease,
    World,
    answering,
    answers,
    pid_of,
)
from modelyard_tools.embedded.testing.process import request, until
from modelyard_tools.testing.ports import free_port


def release(port: int, version: str = "1", **behaviour: object) -> NuclioRelease:
    return NuclioRelease(
        name="echo",
        port=port,
        version=version,
        behaviour=behaviour,
        licence="MIT",
        origin="these tests",
    )


@pytest.fixture
def port(world: World) -> int:
    """The port of the function `echo`, which serves."""
    port = free_port()
    done = world.deployer.run(build=world.build(release(port)))
    assert done.returncode == 0, done.stderr
    return port


def test_status_logs_invoke_and_delete(world: World, port: int, tmp_path: Path) -> None:
    run = world.deployer.run
    shown = run("status").stdout
    assert f"http://127.0.0.1:{port}" in shown
    assert "MIT" in shown
    described = json.loads(run("status", "--json").stdout)
    (function,) = described["functions"]
    assert (function["name"], function["type"], function["variant"]) == ("echo", "detector", "cpu")
    assert function["state"] == "ready"
    assert (function["licence"], function["origin"]) == ("MIT", "these tests")
    assert function["release"] == release(port).digest

    image = tmp_path / "image.png"
    image.write_bytes(b"pixels")
    invoked = run("invoke", "echo", str(image))
    assert json.loads(invoked.stdout)["version"] == "1"
    logs = run("logs", "echo").stdout
    assert logs.startswith("loading 1\n")
    assert "POST / HTTP/1.1" in logs

    assert run("delete", "ecko").returncode == 2
    assert run("delete", "echo").stdout == "echo is deleted\n"
    assert not world.containers()
    assert json.loads(run("status", "--json").stdout)["functions"] == []


def test_logs_follow(world: World, port: int) -> None:
    following = world.deployer.start("logs", "echo", "--follow", "-n", "1")
    try:
        assert following.stdout is not None
        assert following.stdout.readline()
        request(port, "POST", "/seen", b"{}")
        assert "/seen" in following.stdout.readline()
    finally:
        following.kill()
        following.communicate()


def test_rollback_restores_the_previous_version_and_again_undoes_it(
    world: World, port: int
) -> None:
    run = world.deployer.run
    assert "no earlier version" in run("rollback", "echo").stderr
    second = world.build(release(port, "2"))
    assert run(build=second).returncode == 0
    # A rollback does not use the name that every build moves to its own image.
    done = run("rollback", "echo")
    assert done.returncode == 0, done.stderr
    assert answering(port) == "1"
    assert run("rollback", "echo").returncode == 0
    assert answering(port) == "2"
    plan = run("plan", build=second)
    assert plan.stdout.splitlines()[1].startswith("unchanged")


def test_images_that_no_rollback_needs_lose_their_names(world: World, port: int) -> None:
    for version in ("2", "3"):
        assert world.deployer.run(build=world.build(release(port, version))).returncode == 0
    kept = {name for name in world.images() if name != "modelyard/echo:cpu"}
    assert len(kept) == 2
    assert world.deployer.run("rollback", "echo").returncode == 0
    assert answering(port) == "2"


def test_another_image_of_the_same_release_is_deployed(world: World, port: int) -> None:
    build = world.build(release(port))
    world.load_image(NuclioRelease(name="echo", port=port, version="1 on another base"))
    plan = world.deployer.run("plan", build=build)
    assert "its image changed" in plan.stdout
    assert world.deployer.run(build=build).returncode == 0
    assert answering(port) == "1 on another base"


def test_export_and_import(world: World, port: int, tmp_path: Path) -> None:
    run = world.deployer.run
    file = tmp_path / "functions.json"
    assert run("export", "--out", str(file)).returncode == 0
    assert json.loads(run("export", "echo").stdout) == json.loads(file.read_text())
    assert run("export", "ecko").returncode == 2
    assert run("delete", "echo").returncode == 0
    done = run("import", str(file))
    assert done.returncode == 0, done.stderr
    assert answering(port) == "1"
    file.write_text("[{}]")
    assert run("import", str(file)).returncode == 2


def test_prune_removes_what_is_not_in_the_build(world: World, port: int) -> None:
    other = free_port()
    both = world.build(release(port), NuclioRelease(name="other", port=other))
    assert world.deployer.run(build=both).returncode == 0
    done = world.deployer.run("prune", build=world.build(release(port, "2")))
    assert done.returncode == 0, done.stderr
    assert set(world.containers()) == {"nuclio-nuclio-echo"}
    # Prune deploys nothing.
    assert answering(port) == "1"


def test_reconcile_starts_what_a_restart_left_down(world: World) -> None:
    port = free_port()
    stays_down = NuclioRelease(name="echo", port=port, restarts="no")
    build = world.build(stays_down)
    assert world.deployer.run(build=build).returncode == 0
    world.docker("engine", "stop")
    world.docker("engine", "start")
    status = json.loads(world.deployer.run("status", "--json").stdout)
    assert status["functions"][0]["state"] == "unhealthy"
    # Nuclio itself has noticed nothing.
    assert world.state("echo") == "ready"
    done = world.deployer.run("reconcile")
    assert done.stdout == "repaired: echo\n"
    assert done.stderr == "echo: started again\n"
    assert until(lambda: answers(port)) == "1"
    assert world.deployer.run("reconcile").stdout == "repaired: nothing\n"


def test_reconcile_repairs_a_port_that_a_restart_changed(world: World) -> None:
    """The case of functions that others deployed without a fixed port."""
    moving = NuclioRelease(name="echo", port=free_port())
    world.load_image(moving)
    config = moving.config()
    del config["spec"]["triggers"]["http"]["attributes"]["port"]
    world.nuclio.create_project("cvat")
    deployed = world.nuclio.carry_out(world.nuclio.accept(config), lambda: 0)
    before = deployed["status"]["httpPort"]
    world.docker("engine", "stop")
    world.docker("engine", "start")
    assert world.nuclio.function("echo")["status"]["httpPort"] == before
    (live,) = world.containers()["nuclio-nuclio-echo"]["Ports"].values()
    assert live != before
    status = json.loads(world.deployer.run("status", "--json").stdout)
    assert f"answers on port {live}, but Nuclio tells CVAT {before}" in str(status)

    done = world.deployer.run("reconcile", "--json")
    assert json.loads(done.stdout) == {"echo": f"deployed again on port {live}"}
    assert world.nuclio.function("echo")["status"]["httpPort"] == live
    # And the port stays the same.
    world.docker("engine", "stop")
    world.docker("engine", "start")
    assert until(lambda: answers(live)) == "1"


def test_reconcile_redeploys_a_function_without_a_container(world: World, port: int) -> None:
    world.docker("rm", "--force", "nuclio-nuclio-echo")
    assert world.deployer.run("reconcile").stderr == f"echo: deployed again on port {port}\n"
    assert answering(port) == "1"


def test_apply_repairs_a_dead_function(world: World, port: int) -> None:
    build = world.build(release(port))
    world.docker("stop", "nuclio-nuclio-echo")
    world.docker("rm", "--force", "nuclio-nuclio-echo")
    done = world.deployer.run(build=build)
    assert "it is unhealthy" in done.stdout
    assert done.returncode == 0, done.stderr
    assert answering(port) == "1"


def test_the_embedded_platform_is_not_taken_for_nuclio(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer = world.deployer
    assert deployer.run("apply", "--to", "embedded", build=deployer.build()).returncode == 0
    try:
        url = f"http://127.0.0.1:{deployer.port}"
        done = deployer.run("status", "--via", "rest", "--dashboard", url)
        assert done.returncode == 1
        assert "is the embedded platform" in done.stderr
    finally:
        deployer.run("stop")


def test_what_is_missing_is_reported(world: World) -> None:
    world.dashboard.stop()
    done = world.deployer.run("status", "--via", "rest")
    assert done.returncode == 1
    assert "no Nuclio dashboard answers" in done.stderr
    assert world.deployer.run("status", "--dashboard", "localhost").returncode == 2
    (world.programs / "nuctl").unlink()
    assert "no Nuclio dashboard answers" in world.deployer.run("status").stderr
    assert "nuctl not found on the PATH" in world.deployer.run("status", "--via", "nuctl").stderr


def test_nuctl_is_used_if_no_dashboard_answers(world: World, port: int) -> None:
    pid = pid_of(port)
    world.dashboard.stop()
    done = world.deployer.run(build=world.build(release(port)))
    assert done.returncode == 0, done.stderr
    assert pid_of(port) == pid
