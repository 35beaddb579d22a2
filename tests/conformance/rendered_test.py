"""What the plugin renders is what tests deploy and the standalone server reads."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from modelyard.serving.server.processor import read_processor
from modelyard_tools.testing.releases import FakeRelease

# Of a real function, written here by the build (BUILD).
FOLDER = Path("functions/openvino/coco_ssd")
# What tests need and this function does not have, or the other way round.
MAY_DIFFER = {
    "spec.env",
    "spec.eventTimeout",
    "spec.loggerSinks",
    "spec.maxReplicas",
    "spec.minReplicas",
    "spec.platform",
    "spec.readinessTimeoutSeconds",
    "spec.resources",
}


@pytest.fixture(scope="module")
def rendered() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.yaml.decode(_only("function.yaml").read_bytes())
    return found


def _only(name: str) -> Path:
    (path,) = FOLDER.rglob(name)
    return path


def _kinds(value: Any, path: str = "") -> Iterator[tuple[str, type]]:
    """Yield each key's path and the type of its value, without names that a function gives."""
    if isinstance(value, Mapping) and not path.endswith((".annotations", ".labels")):
        for key, inner in value.items():
            yield from _kinds(inner, f"{path}.{key}".lstrip("."))
    else:
        yield path, type(value)


def _compared(config: Mapping[str, Any]) -> dict[str, type]:
    return {
        path: kind
        for path, kind in _kinds(config)
        if not any(path == each or path.startswith(f"{each}.") for each in MAY_DIFFER)
    }


def test_the_releases_of_tests_are_configured_like_real_ones(rendered: dict[str, Any]) -> None:
    fake = FakeRelease(name="coco-ssd", port=1024)
    assert _compared(fake.config()) == _compared(rendered)
    assert len(_compared(rendered)) > 8


@pytest.mark.parametrize("key", ["apiVersion", "kind"])
def test_nuclios_constants_are_the_same(rendered: dict[str, Any], key: str) -> None:
    assert FakeRelease(name="coco-ssd", port=1024).config()[key] == rendered[key]


def test_the_annotations_of_tests_are_among_real_ones(rendered: dict[str, Any]) -> None:
    fake = FakeRelease(name="coco-ssd", port=1024).config()["metadata"]
    assert fake["annotations"].keys() <= rendered["metadata"]["annotations"].keys()
    assert fake["labels"].keys() <= rendered["metadata"]["labels"].keys()


def test_the_standalone_server_reads_what_is_rendered(rendered: dict[str, Any]) -> None:
    found = read_processor(_only("processor.yaml"))
    (trigger,) = rendered["spec"]["triggers"].values()
    assert found.handler == rendered["spec"]["handler"]
    assert found.settings["workers"] == trigger["numWorkers"]
    assert found.settings["max_body"] == trigger["attributes"]["maxRequestBodySize"]
