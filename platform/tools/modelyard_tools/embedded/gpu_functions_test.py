"""Functions on GPUs: placed, queued, refused, and replaced without memory for two."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from modelyard_tools.embedded.testing.fake_gpus import FakeGpus
from modelyard_tools.embedded.testing.process import PlatformProcess, request, until
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import HANDLER, FakeRelease, install

GIB = 1024**3


@pytest.fixture
def gpus(tmp_path: Path) -> FakeGpus:
    return FakeGpus(tmp_path / "nvml")


@pytest.fixture
def platform(home: Home, gpus: FakeGpus) -> Iterator[PlatformProcess]:
    with PlatformProcess(home, search_path=[gpus.folder]) as platform:
        yield platform


def _on_gpu(name: str, gib: int, **settings: object) -> FakeRelease:
    given = {"name": name, "port": free_port(), "gpus": 1, "gpu_memory": gib * GIB, **settings}
    return msgspec.convert(given, FakeRelease)


def test_a_function_sees_the_gpu_it_was_given(platform: PlatformProcess, gpus: FakeGpus) -> None:
    gpus.set((16 * GIB, 4 * GIB), (16 * GIB, 12 * GIB))
    release = _on_gpu("seg", 8)
    assert platform.deploy(release)["status"]["resources"]["gpus"] == ["GPU-1"]
    assert request(release.port, "POST", "/").json["gpus"] == "GPU-1"


def test_a_function_that_can_never_fit_is_refused(
    platform: PlatformProcess, gpus: FakeGpus
) -> None:
    status = platform.deploy(_on_gpu("seg", 8))["status"]
    assert (status["state"], "Library Not Found" in status["message"]) == ("error", True)
    gpus.set((4 * GIB, 4 * GIB))
    status = platform.deploy(_on_gpu("seg", 9))["status"]
    assert "it can never run here: it needs 1 GPU(s) with 9 GiB" in status["message"]


def test_a_full_gpu_is_waited_for(platform: PlatformProcess, gpus: FakeGpus) -> None:
    gpus.set((16 * GIB, 16 * GIB))
    first, second = _on_gpu("first", 12), _on_gpu("second", 12)
    platform.deploy(first)
    install(platform.home, second)
    assert platform.api("POST", "/api/functions", second.config()).status == 202
    assert platform.function("second")["status"]["state"] == "building"
    platform.api("DELETE", "/api/functions", {"metadata": {"name": "first"}})
    until(lambda: platform.function("second")["status"]["state"] == "ready")


def test_an_idle_function_frees_its_memory_and_comes_back(
    platform: PlatformProcess, gpus: FakeGpus
) -> None:
    gpus.set((16 * GIB, 16 * GIB))
    # It would sleep in an hour; the other one needs its memory now, and vice versa.
    first, second = (
        _on_gpu("first", 12, idle_timeout=3600),
        _on_gpu("second", 12, idle_timeout=3600),
    )
    platform.deploy(first)
    assert platform.deploy(second)["status"]["state"] == "ready"
    assert platform.function("first")["status"]["state"] == "scaledToZero"
    assert request(first.port, "POST", "/").status == 200
    assert platform.function("second")["status"]["state"] == "scaledToZero"


def test_a_version_is_replaced_without_memory_for_two(
    platform: PlatformProcess, gpus: FakeGpus
) -> None:
    gpus.set((16 * GIB, 16 * GIB))
    first = _on_gpu("seg", 12)
    platform.deploy(first)
    newer = _on_gpu("seg", 12, port=first.port, source=HANDLER.format(version="2"))
    assert platform.deploy(newer)["status"]["lastDeployment"]["state"] == "ready"
    assert request(first.port, "POST", "/").json["version"] == "2"
    broken = _on_gpu("seg", 12, port=first.port, source="raise RuntimeError('no')\n")
    assert platform.deploy(broken)["status"]["lastDeployment"]["state"] == "error"
    assert request(first.port, "POST", "/").json["version"] == "2"
    until(lambda: platform.function("seg")["status"]["state"] == "ready")
