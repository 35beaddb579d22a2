"""Each check, on a healthy machine and on one with a single problem."""

from typing import Any

import pytest
from msgspec.structs import replace

from modelyard_tools.doctor.examine import CHECKS, examine
from modelyard_tools.doctor.facts import (
    Container,
    Dashboard,
    Engine,
    Facts,
    Function,
    Gpus,
    Listener,
    Machine,
    Place,
    Platform,
    Reach,
    Tools,
    Weights,
)
from modelyard_tools.doctor.finding import Severity

GIB = 1024**3
SEG = Function(name="seg", state="ready", port=25000, size=9000, answers=True)
OURS = Dashboard(url="http://127.0.0.1:8070", home="/home", version="1.13.0", functions=(SEG,))
NUCLIO = Dashboard(url="http://127.0.0.1:8071", version="1.13.0", functions=(SEG,))
DOCKER = Engine(
    version="27.3.1",
    runtimes=("runc", "nvidia"),
    place=Place(path="/var/lib/docker", free=50 * GIB),
    containers=(
        Container(
            name="nuclio-nuclio-seg",
            state="running",
            nuclio="seg",
            ours="seg",
            port=25000,
            published=(25000,),
        ),
        Container(name="registry", state="exited"),
    ),
)
CVAT = Reach(
    container="cvat_server",
    serverless=True,
    host="nuclio",
    port=8070,
    method="direct",
    asked={"http://nuclio:8070/api/versions": ""},
)
WELL = Facts(
    machine=Machine(memory_total=16 * GIB, memory_available=8 * GIB),
    home=Place(path="/home", free=50 * GIB, filesystem="ext4"),
    repository=Place(path="/repository", free=50 * GIB, filesystem="ext4"),
    platform=Platform(held_by=1, answers=True),
    weights=Weights(path="/weights", files=3, size=GIB),
    engine=DOCKER,
    tools=Tools(nuctl="1.13.0", kubeconfig="/k", nuctl_platform="local"),
    gpus=Gpus(present=True, known=1),
    dashboards=(OURS, NUCLIO),
    listeners=(
        Listener(port=25000, wanted_by="seg", container="nuclio-nuclio-seg", ours=True),
        Listener(port=25001, wanted_by="other", process="python3 (process 1)", ours=True),
    ),
    reach=(CVAT,),
)


def test_a_healthy_machine_has_no_findings() -> None:
    assert examine(WELL) == []


def nuclio(**change: Any) -> dict[str, Any]:
    return {"dashboards": (replace(NUCLIO, **change),)}


def function(**change: Any) -> dict[str, Any]:
    return nuclio(functions=(replace(SEG, **change),))


def machine(**change: Any) -> dict[str, Any]:
    return {"machine": replace(WELL.machine, **change)}


def engine(**change: Any) -> dict[str, Any]:
    return {"engine": replace(DOCKER, **change)}


def stale(**change: Any) -> dict[str, Any]:
    return engine(containers=(replace(DOCKER.containers[0], **change),))


PROBLEM, WARNING, NOTE = Severity.PROBLEM, Severity.WARNING, Severity.NOTE
TROUBLES: list[tuple[dict[str, Any], Severity, str, str]] = [
    # The problem, its severity, and parts of the finding's text and of its fix.
    (
        {"tools": replace(WELL.tools, nuctl="1.11.24")},
        PROBLEM,
        "nuctl is 1.11.24, but the dashboard at http://127.0.0.1:8071 is 1.13.0",
        "install nuctl 1.13.0",
    ),
    (
        {**nuclio(version="1.15.9-amd64"), "tools": Tools()},
        WARNING,
        "is 1.15.9-amd64; images here hold Nuclio 1.13.0",
        "nuclio_onbuild",
    ),
    (engine(version="29.0.1"), PROBLEM, "Docker 29.0.1 rejects the API", "Nuclio 1.15"),
    (
        {"tools": replace(WELL.tools, nuctl_platform=None)},
        WARNING,
        "nuctl will deploy to the cluster of /k",
        "export NUCTL_PLATFORM=local",
    ),
    (machine(architecture="aarch64"), NOTE, "end in -amd64", "-arm64"),
    (
        {"home": replace(WELL.home, free=GIB)},
        PROBLEM,
        "1.0 GiB free at /home",
        "move MODELYARD_HOME",
    ),
    (
        engine(place=Place(path="/var/lib/docker", free=5 * GIB)),
        WARNING,
        "5.0 GiB free at /var/lib/docker",
        "docker system prune",
    ),
    (machine(memory_available=GIB // 4), PROBLEM, "0.2 GiB of memory left", "idle_timeout"),
    (machine(memory_total=GIB // 2), WARNING, "2 functions run in 0.5 GiB", "idle_timeout"),
    (machine(wsl=1), PROBLEM, "this is WSL 1", "wsl --set-version"),
    (machine(wsl=2), NOTE, "host.docker.internal", "MODELYARD_HOST"),
    (
        {**machine(wsl=2), "repository": replace(WELL.repository, filesystem="9p")},
        WARNING,
        "/repository is on a Windows drive",
        "your home folder",
    ),
    (
        {"engine": None},
        WARNING,
        "docker was not found here",
        "run doctor where Nuclio runs",
    ),
    (
        {"engine": Engine(problem="Cannot connect")},
        PROBLEM,
        "Docker's engine does not answer: Cannot connect",
        "start dockerd",
    ),
    (
        {"engine": Engine(problem="permission denied while trying"), "dashboards": (OURS,)},
        NOTE,
        "permission denied",
        "usermod -aG docker",
    ),
    (
        {"gpus": Gpus(present=True, problem="NVML Shared Library Not Found")},
        PROBLEM,
        "its driver does not work: NVML Shared Library Not Found",
        "install the driver",
    ),
    (engine(runtimes=("runc",)), WARNING, "no NVIDIA runtime", "nvidia-ctk runtime configure"),
    (
        stale(name="nuclio-nuclio-old", nuclio="old"),
        WARNING,
        "nuclio-nuclio-old serves old, which the dashboard does not list",
        "docker rm -f nuclio-nuclio-old",
    ),
    (stale(state="restarting"), PROBLEM, "keeps restarting", "docker logs --tail 30"),
    (stale(state="exited"), PROBLEM, "is exited", "docker start nuclio-nuclio-seg"),
    (
        stale(port=32769),
        PROBLEM,
        "seg listens on 32769, but the dashboard tells CVAT 25000",
        "reconcile --to nuclio",
    ),
    (
        function(answers=False),
        PROBLEM,
        "ready according to Nuclio at http://127.0.0.1:8071, but nothing answers on port 25000",
        "docker logs --tail 30 nuclio-nuclio-seg",
    ),
    (
        {"dashboards": (replace(OURS, functions=(replace(SEG, answers=False),)),), "engine": None},
        PROBLEM,
        "according to the embedded platform",
        "./pants run ::deploy -- logs seg",
    ),
    (
        function(state="error", message="Traceback\nModuleNotFoundError: no torch\n"),
        PROBLEM,
        "seg is error: ModuleNotFoundError: no torch",
        "docker logs",
    ),
    (function(state="unhealthy"), PROBLEM, "seg is unhealthy", "docker logs"),
    (function(state="building"), NOTE, "a deploy of it was interrupted", "deploy again"),
    (function(restarts=7), WARNING, "seg's workers exited 7 times", "docker logs"),
    (function(size=81_000), PROBLEM, "argument list too long", "shorten its label set"),
    (
        {"platform": Platform(held_by=77)},
        PROBLEM,
        "process 77, does not answer",
        "./pants run ::deploy -- stop",
    ),
    (
        {"platform": replace(WELL.platform, damaged=("/home/state/seg.json",))},
        PROBLEM,
        "/home/state/seg.json cannot be read",
        "rm /home/state/seg.json",
    ),
    (
        {"platform": replace(WELL.platform, last_error="no space left")},
        NOTE,
        "the last error in its log: no space left",
        "logs platform",
    ),
    (
        {"listeners": (Listener(port=8070, wanted_by="the dashboard", process="nginx"),)},
        PROBLEM,
        "port 8070, which the dashboard needs, is taken by nginx",
        "MODELYARD_PORT=8071",
    ),
    (
        {"listeners": (Listener(port=25000, wanted_by="seg", container="registry"),)},
        PROBLEM,
        "port 25000, which seg needs, is taken by the container registry",
        "docker rm --force registry, or set another `port` in the BUILD file of seg",
    ),
    (
        {"listeners": (Listener(port=25000, wanted_by="seg"),)},
        PROBLEM,
        "is taken by another user's process",
        "another `port` in the BUILD file of seg",
    ),
    (
        {"weights": replace(WELL.weights or Weights(path=""), damaged=("sha256/ab",))},
        WARNING,
        "/weights/sha256/ab is damaged",
        "rm /weights/sha256/ab",
    ),
    (
        {"weights": replace(WELL.weights or Weights(path=""), unfinished=("ab",))},
        NOTE,
        "1 weights downloads",
        "resumes them",
    ),
    (
        {"reach": (replace(CVAT, serverless=False),)},
        PROBLEM,
        "without CVAT_SERVERLESS=1",
        "docker-compose.serverless.yml",
    ),
    (
        {"reach": (replace(CVAT, asked={"http://nuclio:8070/api/versions": "timed out"}),)},
        PROBLEM,
        "cvat_server cannot reach http://nuclio:8070/api/versions: timed out",
        "loopback only",
    ),
    (
        {
            "reach": (replace(CVAT, asked={"http://h:1/": "refused"}),),
            "platform": replace(WELL.platform, host="172.18.0.1"),
        },
        PROBLEM,
        "cannot reach http://h:1/: refused",
        "CVAT_NUCLIO_INVOKE_METHOD=dashboard",
    ),
]


@pytest.mark.parametrize(("change", "severity", "what", "mend"), TROUBLES)
def test_each_problem_is_found_with_its_fix(
    change: dict[str, Any], severity: Severity, what: str, mend: str
) -> None:
    findings = examine(replace(WELL, **change))
    (found,) = [each for each in findings if what in each.what]
    assert found.severity is severity
    assert mend in found.mend
    assert "\n" not in found.what


def test_every_check_is_tried_above() -> None:
    assert not [
        check.__name__
        for check in CHECKS
        if not any(list(check(replace(WELL, **change))) for change, *_ in TROUBLES)
    ]


def test_the_worst_comes_first() -> None:
    facts = replace(WELL, **machine(architecture="arm64", memory_available=0), tools=Tools())
    facts = replace(facts, home=replace(WELL.home, free=5 * GIB))
    assert [finding.severity for finding in examine(facts)] == [PROBLEM, WARNING, NOTE]
