"""Limits of memory and cores, by control groups and without them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard_tools.embedded.machine.cgroup import Groups
from modelyard_tools.embedded.machine.limits import Confiner
from modelyard_tools.embedded.testing.process import PlatformProcess, request
from modelyard_tools.releases.config import Limits
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

GREEDY = """
import os
import resource


def handler(context, event):
    if event.path == "/allocate":
        bytearray(int(event.fields["bytes"]))
    threads = [os.environ[name] for name in ("MODELYARD_THREADS", "OMP_NUM_THREADS")]
    return {
        "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "cores": sorted(os.sched_getaffinity(0)),
        "threads": threads,
        "pid": os.getpid(),
    }
"""
GIB = 1024**3


@pytest.fixture
def group(tmp_path: Path) -> Groups | None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    return Groups.open(tmp_path)


def test_a_group_is_preferred_and_contains_each_process(group: Groups, tmp_path: Path) -> None:
    confinement = Confiner(lambda: group).confine("echo", Limits(memory=GIB), workers=2)
    assert confinement.means == "cgroup"
    (folder,) = tmp_path.glob("modelyard-*")
    confinement.admit(123)
    assert (folder / "cgroup.procs").read_text() == "123"
    assert (folder / "memory.max").read_text() == str(GIB)


def test_without_limits_nothing_is_touched(group: Groups, tmp_path: Path) -> None:
    assert Confiner(lambda: group).confine("echo", Limits(), workers=1).means == "none"
    assert not list(tmp_path.glob("modelyard-*"))


def test_without_groups_each_worker_gets_its_share() -> None:
    confinement = Confiner(lambda: None).confine("echo", Limits(memory=4 * GIB, cpus=0.5), 2)
    assert confinement.means == "rlimit"
    code = "import os, resource; input(); print(resource.getrlimit(resource.RLIMIT_DATA)[0], "
    code += "len(os.sched_getaffinity(0)))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        confinement.admit(process.pid)
        output, _ = process.communicate("\n")
    assert output.split() == [str(2 * GIB), "1"]


def test_functions_are_spread_over_the_cores() -> None:
    confiner = Confiner(lambda: None)
    cores = sorted(os.sched_getaffinity(0))
    seen = set()
    for _ in cores:
        confinement = confiner.confine("echo", Limits(cpus=1), 1)
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            confinement.admit(process.pid)
            (core,) = os.sched_getaffinity(process.pid)
            seen.add(core)
            process.communicate(b"\n")
    assert seen == set(cores)


def test_a_greedy_worker_only_harms_its_own_request(platform: PlatformProcess) -> None:
    release = FakeRelease(
        name="greedy",
        port=free_port(),
        source=GREEDY,
        handler="tiny:handler",
        workers=2,
        limits={"memory": "1Gi", "cpu": "1"},
    )
    resources = platform.deploy(release)["status"]["resources"]
    assert (resources["memoryBytes"], resources["cpus"]) == (GIB, 1.0)
    before = request(release.port, "POST", "/").json
    assert before["threads"] == ["1", "1"]
    if resources["enforcedBy"] == "rlimit":
        assert before["data"] == GIB // 2
        assert len(before["cores"]) == 1
    greedy = request(release.port, "POST", f"/allocate?bytes={8 * GIB}")
    assert greedy.status in (500, 502)
    assert request(release.port, "POST", "/").status == 200
