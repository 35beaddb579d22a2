"""The standalone server reads Nuclio's configuration."""

from pathlib import Path

import pytest

from modelyard.serving.server.processor import Processor, ProcessorError, read_processor

FULL = """
metadata: {name: f}
spec:
  handler: modelyard.serving.worker.nuclio:handler
  runtime: "python:3.11"
  eventTimeout: 1m30s
  env: [{name: A, value: b}]
  triggers:
    clock: {kind: cron}
    web:
      kind: http
      url: "127.0.0.1:18080"
      numWorkers: 3
      workerAvailabilityTimeoutMilliseconds: 2500
      workerTerminationTimeout: 5s
      attributes: {port: 21000, maxRequestBodySize: 1000}
"""


def read(tmp_path: Path, text: str) -> Processor:
    path = tmp_path / "processor.yaml"
    path.write_text(text)
    return read_processor(path)


def test_settings_of_nuclios_processor_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, FULL)
    assert found.handler == "modelyard.serving.worker.nuclio:handler"
    assert found.settings == {
        "host": "127.0.0.1",
        "port": 18080,
        "workers": 3,
        "max_body": 1000,
        "availability_timeout": 2.5,
        "drain": 5.0,
        "event_timeout": 90.0,
    }


def test_missing_settings_are_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, "spec: {}").settings == {}
    assert read(tmp_path, "spec: {triggers: {h: {kind: http, maxWorkers: 2}}}").settings == {
        "workers": 2
    }
    assert read(tmp_path, "spec: {triggers: {h: {kind: http, url: ':80'}}}").settings == {
        "port": 80
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "Expected `object`"),
        ("a: b: c", "mapping values"),
        ("spec: {eventTimeout: soon}", "'soon' is not a duration"),
        ("spec: {triggers: {h: {kind: http, url: here}}}", "'here' is not a listen address"),
        ("spec: {triggers: {a: {kind: http}, b: {kind: http}}}", "more than one http trigger"),
        ("spec: {triggers: {h: {kind: http, numWorkers: many}}}", "Expected `int"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ProcessorError, match=r"processor\.yaml") as caught:
        read(tmp_path, text)
    assert reason in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessorError, match=r"cannot read .*absent"):
        read_processor(tmp_path / "absent")
