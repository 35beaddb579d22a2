"""The output for Prometheus and for readers of logs."""

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from modelyard_tools.embedded.testing.process import PlatformProcess, request, until
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _scrape(platform: PlatformProcess) -> Samples:
    answer = platform.api("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def _of_echo(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"modelyard_{name}", frozenset({"function": "echo", **labels}.items())]


def test_requests_are_counted_by_function_and_status(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    request(release.port, "POST", "/slow?seconds=0.2", b"{}")
    request(release.port, "POST", "/", b"{}")
    request(release.port, "POST", "/", b"x" * (release.max_body + 1))
    request(release.port, "POST", "/crash", b"{}")
    until(lambda: platform.function("echo")["status"]["workers"]["ready"])
    samples = _scrape(platform)
    assert _of_echo(samples, "requests_total", status="200") == 2
    assert _of_echo(samples, "requests_total", status="413") == 1
    assert _of_echo(samples, "requests_total", status="502") == 1
    assert _of_echo(samples, "errors_total") == 2
    assert _of_echo(samples, "request_seconds_count") == 4
    assert _of_echo(samples, "request_seconds_bucket", le="+Inf") == 4
    assert _of_echo(samples, "model_seconds_sum") >= 0.2
    assert _of_echo(samples, "request_seconds_sum") >= _of_echo(samples, "model_seconds_sum")
    assert _of_echo(samples, "queue_seconds_count") == 4
    assert _of_echo(samples, "worker_restarts_total") >= 1
    assert _of_echo(samples, "workers_ready") == 1
    assert _of_echo(samples, "memory_bytes") > 1_000_000
    assert _of_echo(samples, "cold_starts_total") == 0
    assert samples["modelyard_platform_memory_bytes", frozenset()] > 1_000_000


def test_cold_starts_are_counted(platform: PlatformProcess) -> None:
    release = FakeRelease(name="echo", port=free_port(), idle_timeout=0.5)
    platform.deploy(release)
    until(lambda: platform.function("echo")["status"]["state"] == "scaledToZero")
    assert request(release.port, "POST", "/", b"{}").status == 200
    assert _of_echo(_scrape(platform), "cold_starts_total") == 1


def test_every_line_of_the_log_is_json_and_requests_are_not_in_it(
    platform: PlatformProcess,
) -> None:
    release = FakeRelease(name="echo", port=free_port())
    platform.deploy(release)
    request(release.port, "POST", "/", b"{}", {"x-request-id": "quiet"})
    request(release.port, "POST", "/crash", b"{}", {"x-request-id": "deadly"})
    entries = [json.loads(line) for line in platform.log().splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(entry) for entry in entries)
    deaths = [entry for entry in entries if entry.get("request_id") == "deadly"]
    assert {(entry["function"], entry["level"]) for entry in deaths} == {("echo", "warning")}
    assert "quiet" not in platform.log()


@pytest.mark.parametrize("door", ["port", "dashboard"])
def test_the_access_log_is_written_on_demand(tmp_path: Path, door: str) -> None:
    with PlatformProcess(Home(tmp_path / "home"), ["--access-log"]) as platform:
        release = FakeRelease(name="echo", port=free_port())
        platform.deploy(release)
        headers = {"x-request-id": "mine", "x-nuclio-function-name": "echo", "x-nuclio-path": "/a"}
        if door == "port":
            request(release.port, "POST", "/a", b"{}", headers)
        else:
            platform.api("POST", "/api/function_invocations", {}, headers)
        entries = map(json.loads, platform.log().splitlines())
        (entry,) = [entry for entry in entries if entry.get("request_id") == "mine"]
        assert (entry["function"], entry["path"], entry["status"]) == ("echo", "/a", 200)
        assert 0 < entry["model_seconds"] <= entry["seconds"]
