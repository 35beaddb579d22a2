from typing import Any

import pytest

from modelyard_tools.releases.config import ConfigError, FunctionConfig, RawConfig


def parse(**spec: Any) -> FunctionConfig:
    return FunctionConfig.parse(RawConfig({"name": "f"}, spec))


def test_defaults_are_nuclios() -> None:
    config = parse()
    assert (config.namespace, config.project) == ("nuclio", "default")
    assert (config.workers, config.max_body, config.port) == (1, 4 * 1024 * 1024, None)
    assert (config.availability_timeout, config.event_timeout) == (10.0, None)
    assert config.ready_timeout == 120.0
    assert config.digest is None


def test_the_trigger_is_found_whatever_its_key() -> None:
    trigger = {
        "kind": "http",
        "maxWorkers": 3,
        "workerAvailabilityTimeoutMilliseconds": 0,
        "attributes": {"port": 4711, "maxRequestBodySize": 5},
    }
    config = parse(triggers={"cron": {"kind": "cron"}, "mine": trigger}, eventTimeout="1m")
    assert (config.workers, config.port, config.max_body) == (3, 4711, 5)
    assert (config.availability_timeout, config.event_timeout) == (0.0, 60.0)


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        (f"modelyard/f:{'a' * 64}", "a" * 64),
        (f"registry:5000/modelyard/f:{'a' * 64}", "a" * 64),
        ("python:3.11", None),
        (f"modelyard/f:{'a' * 63}", None),
        (f"modelyard/f:../{'a' * 64}", None),
        (f"modelyard/f:{'a' * 64}\n", None),
    ],
)
def test_only_our_images_have_a_digest(image: str, digest: str | None) -> None:
    assert parse(image=image).digest == digest


def test_limits_are_read_as_kubernetes_writes_them() -> None:
    limits = parse(resources={"limits": {"memory": "2Gi", "cpu": "500m"}}).limits
    assert (limits.memory, limits.cpus) == (2 * 1024**3, 0.5)
    assert parse(resources={"limits": {"cpu": 2, "nvidia.com/gpu": "1"}}).limits.cpus == 2.0
    assert not parse().limits.any


@pytest.mark.parametrize("limits", [{"memory": "lots"}, {"cpu": "0"}, {"memory": -1}])
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"spec\.resources\.limits: '.*' is no"):
        parse(resources={"limits": limits})
