"""Docker, its containers, and GPUs."""

from collections.abc import Iterator

from modelyard_tools.doctor.facts import Facts
from modelyard_tools.doctor.finding import Finding, note, problem, warning

_ENDED = ("exited", "dead", "created")


def docker(facts: Facts) -> Iterator[Finding]:
    """The engine: only Nuclio and images need it."""
    engine = facts.engine
    if engine is None:
        if facts.nuclio is None:
            return
        yield warning(
            "docker",
            f"Nuclio runs at {facts.nuclio.url}, but docker was not found here to look at "
            "its containers",
            "apt-get install docker-cli (Debian), or run doctor where Nuclio runs",
        )
    elif engine.version is None:
        denied = "permission denied" in engine.problem.lower()
        mend = "usermod -aG docker $USER, then log in again" if denied else "start dockerd"
        found = problem if facts.nuclio else note
        yield found("docker", f"Docker's engine does not answer: {engine.problem}", mend)


def nvidia(facts: Facts) -> Iterator[Finding]:
    """The driver, and whether Docker can give GPUs to containers."""
    gpus, engine = facts.gpus, facts.engine
    if not gpus.present:
        return
    if not gpus.known:
        yield problem(
            "nvidia",
            f"there is an NVIDIA GPU, but its driver does not work: {gpus.problem}",
            "install the driver, and restart after an update of the kernel; in WSL it comes with "
            "Windows",
        )
    elif engine and engine.version and "nvidia" not in engine.runtimes:
        yield warning(
            "nvidia",
            "Docker has no NVIDIA runtime, so Nuclio's functions cannot use a GPU",
            "install nvidia-container-toolkit, then "
            "nvidia-ctk runtime configure --runtime=docker && systemctl restart docker",
        )


def stale_containers(facts: Facts) -> Iterator[Finding]:
    """Containers that exited or whose function no dashboard lists: they block names and ports."""
    engine, dashboard = facts.engine, facts.nuclio
    for container in engine.containers if engine else ():
        if not container.nuclio:
            continue
        listed = dashboard and any(each.name == container.nuclio for each in dashboard.functions)
        mend = f"docker rm -f {container.name}"
        if dashboard and not listed:
            what = f"{container.name} serves {container.nuclio}, which the dashboard does not list"
            yield warning("containers", what, mend)
        elif container.state == "restarting":
            what = f"{container.name} keeps restarting"
            yield problem("containers", what, f"docker logs --tail 30 {container.name}")
        elif container.state in _ENDED:
            what = f"{container.name} is {container.state}; nothing restarts it"
            yield problem("containers", what, f"docker start {container.name}, or deploy it again")


def port_drift(facts: Facts) -> Iterator[Finding]:
    """Docker gives containers new ports when they start again; the dashboard does not notice."""
    dashboard, engine = facts.nuclio, facts.engine
    if not dashboard or not engine:
        return
    ports = {each.nuclio: each.port for each in engine.containers if each.state == "running"}
    for function in dashboard.functions:
        real = ports.get(function.name)
        if real and function.port and real != function.port:
            yield problem(
                "ports",
                f"{function.name} listens on {real}, but the dashboard tells CVAT {function.port}",
                "./pants run ::deploy -- reconcile --to nuclio",
            )
