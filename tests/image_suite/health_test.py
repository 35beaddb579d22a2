"""The health checks of both kinds of image, as run and logged by a real engine."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from image_suite.conftest import PATIENCE, Container, docker
from modelyard_tools.images.layout import Layout

Start = Callable[..., Container]
# Seconds that a check waits here, instead of the images' 45.
WAIT = "5"
SECOND = 1_000_000_000


def checked_sooner(layout: Layout, folder: Path) -> Layout:
    """An image based on this one, whose check waits for less time."""
    check = json.loads(layout.config.path.read_bytes())["config"]["Healthcheck"]
    _, *program, port, _, kept = check["Test"]
    options = [
        f"--interval={check['Interval'] // SECOND}s",
        f"--timeout={check['Timeout'] // SECOND}s",
        f"--start-period={check['StartPeriod'] // SECOND}s",
        f"--retries={check['Retries']}",
    ]
    command = json.dumps([*program, port, WAIT, kept])
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        f"FROM {layout.reference}\nHEALTHCHECK {' '.join(options)} CMD {command}\n"
    )
    sooner = msgspec.structs.replace(layout, reference=f"{layout.reference}-sooner")
    docker("build", "--quiet", "--tag", sooner.reference, str(folder))
    return sooner


@pytest.fixture(params=["standalone", "nuclio"])
def healthy(request: Any, start: Start, tmp_path: Path) -> Container:
    """Start a function and wait for its first successful check."""
    layout: Layout = request.getfixturevalue(request.param)
    (tmp_path / "processor.yaml").write_text("spec: {}")
    tmp_path.chmod(0o755)
    mounted = f"{tmp_path}:/etc/nuclio/config/processor:ro"
    sooner = checked_sooner(layout, tmp_path / "build")
    container = start(sooner, "--volume", mounted, "--tmpfs", "/tmp")
    container.wait_until_healthy()
    return container


def wait_until(container: Container, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"{container.state()}\n{container.logs}")
        time.sleep(0.2)


def said(container: Container, *, ready: bool) -> list[str]:
    """Return the output of the successful or the failed checks."""
    log: list[dict[str, Any]] = container.state()["Health"]["Log"]
    return [check["Output"].strip() for check in log if (check["ExitCode"] == 0) == ready]


def status(container: Container) -> object:
    return container.state()["Health"]["Status"]


def a_check_waits(container: Container) -> bool:
    """Return whether a check is waiting: the function is ready, and was ready before."""
    for line in docker("top", container.id, "-o", "pid,wchan:32,args").splitlines():
        if "health_check.py" in line and "nanosleep" in line:
            return True
    return False


def test_a_function_that_hangs_is_noticed_after_the_wait(healthy: Container) -> None:
    process = healthy.state()["Pid"]
    wait_until(healthy, lambda: a_check_waits(healthy))
    os.kill(process, signal.SIGSTOP)
    try:
        wait_until(healthy, lambda: status(healthy) == "unhealthy")
    finally:
        os.kill(process, signal.SIGCONT)
    # Earlier ones may be from the start.
    failures = said(healthy, ready=False)[-3:]
    assert failures == ["no longer ready", "not ready", "not ready"]
    wait_until(healthy, lambda: status(healthy) == "healthy")
    # At once, as at first.
    assert set(said(healthy, ready=True)) == {"ready"}


def test_a_function_that_is_started_again_is_not_waited_for(healthy: Container) -> None:
    docker("restart", "--time", "20", healthy.id)
    healthy.wait_until_healthy()
    assert said(healthy, ready=True)[-1] == "ready"


def test_a_check_that_waits_delays_no_stop(healthy: Container) -> None:
    wait_until(healthy, lambda: a_check_waits(healthy))
    docker("stop", "--time", "20", healthy.id)
    # 137 would be the engine's SIGKILL after the grace period.
    assert healthy.state()["ExitCode"] == 0, healthy.logs
