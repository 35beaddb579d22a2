"""Events, context, return values, errors and time-outs: our notes on Nuclio, section 3."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from modelyard_tools.embedded.testing.process import PlatformProcess, request, until
from modelyard_tools.http.exchange import Reply
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

SOURCE = """
import os
import sys
import time

EVENT = (
    "content_type", "fields", "id", "method", "path", "size", "url", "shard_id", "num_shards",
    "type", "type_version", "version", "offset", "topic", "last_in_batch",
)


def init_context(context):
    context.user_data.calls = 0


def handler(context, event):
    context.user_data.calls += 1
    case = event.fields.get("case", "seen")
    if case == "seen":
        return _seen(context, event)
    if case == "response":
        return context.Response(
            body=event.fields["body"],
            headers={"x-text": "t", "x-number": 1, "x-list": [1], "x-none": None},
            content_type="text/csv",
            status_code=207,
        )
    if case == "sleep":
        time.sleep(float(event.fields["seconds"]))
    if case == "exit":
        sys.exit(1)
    if case == "raise":
        raise ValueError("secret path /opt/x")
    if case == "die":
        os._exit(9)
    if case == "once":
        # Dies only on the first attempt.
        try:
            os.close(os.open(event.fields["file"], os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return "second attempt"
        os._exit(9)
    return {
        "text": "t",
        "dict": {"a": 1},
        "list": [1, 2],
        "bytes": b"\\x00\\xff",
        "none": None,
        "integer": 5,
        "pair": (404, "nothing here"),
        "json pair": (201, {"a": 1}),
        "response dict": context.Response(body={"a": [1]}),
        "bad status": context.Response(body="", status_code=9999),
        "bad type": context.Response(body="", content_type=7),
        "sleep": "slept",
    }[case]


def _seen(context, event):
    seen = {name: getattr(event, name, "missing") for name in EVENT}
    body = event.body
    seen["body"] = {"raw": body.decode("latin-1")} if isinstance(body, bytes) else body
    seen["body type"] = type(body).__name__
    seen["header"] = event.get_header("X-MiXeD")
    seen["timestamp"] = event.timestamp.isoformat()
    seen["trigger"] = {"kind": event.trigger.kind, "name": event.trigger.name}
    seen["worker_id"] = context.worker_id
    seen["calls"] = context.user_data.calls
    seen["pid"] = os.getpid()
    return seen
"""


@pytest.fixture(scope="module")
def port(platform: PlatformProcess) -> int:
    """The port of the function `events`: one worker."""
    release = FakeRelease(name="events", port=free_port(), source=SOURCE)
    status = platform.deploy(release)["status"]
    assert status["state"] == "ready", status["message"]
    return release.port


def _ask(
    port: int, query: str, body: bytes = b"{}", content_type: str = "application/json"
) -> Reply:
    headers = {"content-type": content_type, "x-mixed": "m"}
    return request(port, "POST", f"/a/b?{query}", body, headers)


# --- 3.6: the event and the context ---------------------------------------------------------------


def test_an_event_has_all_its_attributes(port: int) -> None:
    seen = _ask(port, "case=seen&x=1&x=2&y=%C3%A9").json
    assert (seen["method"], seen["path"], seen["size"]) == ("POST", "/a/b", 2)
    assert seen["fields"] == {"case": "seen", "x": "2", "y": "é"}
    assert seen["content_type"] == "application/json"
    assert seen["header"] == "m"
    assert seen["trigger"] == {"kind": "http", "name": "default-http"}
    assert seen["id"]
    assert "+" not in seen["timestamp"]
    assert "missing" not in seen.values()


def test_the_context_lives_as_long_as_its_worker(port: int) -> None:
    first, second = _ask(port, "").json, _ask(port, "").json
    assert first["worker_id"] == "0"
    assert (second["pid"], second["calls"]) == (first["pid"], first["calls"] + 1)


@pytest.mark.parametrize(
    ("content_type", "body", "type_name"),
    [
        ("application/json", b'{"a": 1}', "dict"),
        ("application/json", b"[1]", "list"),
        ("application/json; charset=utf-8", b'{"a": 1}', "bytes"),
        ("application/json", b'{"a": ', "bytes"),
        ("application/json", b"\xff", "bytes"),
        ("text/plain", b'{"a": 1}', "bytes"),
    ],
)
def test_a_body_is_decoded_only_if_it_is_said_to_be_json(
    port: int, content_type: str, body: bytes, type_name: str
) -> None:
    seen = _ask(port, "", body, content_type).json
    assert seen["body type"] == type_name
    expected = {"raw": body.decode("latin-1")} if type_name == "bytes" else json.loads(body)
    assert seen["body"] == expected


# --- 3.6: what a handler may return ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "status", "content_type", "body"),
    [
        ("text", 200, "text/plain", b"t"),
        ("dict", 200, "application/json", {"a": 1}),
        ("list", 200, "application/json", [1, 2]),
        ("bytes", 200, "text/plain", b"\x00\xff"),
        ("none", 200, "text/plain", b"None"),
        ("integer", 200, "text/plain", b"5"),
        ("pair", 404, "text/plain", b"nothing here"),
        ("json+pair", 201, "application/json", {"a": 1}),
        ("response+dict", 200, "application/json", {"a": [1]}),
        ("response&body=1,2", 207, "text/csv", b"1,2"),
    ],
)
def test_what_a_handler_returns_becomes_a_response(
    port: int, case: str, status: int, content_type: str, body: Any
) -> None:
    answer = _ask(port, f"case={case}")
    assert answer.status == status
    assert answer.headers["content-type"] == content_type
    assert (answer.body if isinstance(body, bytes) else answer.json) == body


def test_only_text_and_numbers_become_headers(port: int) -> None:
    headers = _ask(port, "case=response&body=b").headers
    assert (headers["x-text"], headers["x-number"]) == ("t", "1")
    assert not {"x-list", "x-none"} & set(headers)


# --- 3.7: errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["raise", "exit", "bad+status", "bad+type"])
def test_a_failing_handler_is_500_of_one_line_and_its_worker_lives_on(
    platform: PlatformProcess, port: int, case: str
) -> None:
    before = _ask(port, "").json["pid"]
    answer = _ask(port, f"case={case}")
    assert answer.status == 500
    # Unlike Nuclio's, our error does not reveal the code to the client: it is in the log.
    assert list(answer.json) == ["error"]
    assert b"secret" not in answer.body
    assert b"\n" not in answer.body
    request_id = answer.headers["x-request-id"]
    assert request_id in answer.json["error"]
    assert request_id in platform.home.function_log("events").read_text()
    assert _ask(port, "").json["pid"] == before


def test_a_request_whose_worker_died_is_tried_once_more(
    platform: PlatformProcess, port: int
) -> None:
    mark = platform.home.root / "died"
    answer = _ask(port, f"case=once&file={mark}")
    assert (answer.status, answer.body) == (200, b"second attempt")
    mark.unlink()


def test_a_worker_that_dies_over_every_attempt_is_502_and_replaced(port: int) -> None:
    assert _ask(port, "case=die").status == 502
    assert _ask(port, "").status == 200


def test_a_crash_does_not_touch_the_requests_of_other_workers(platform: PlatformProcess) -> None:
    release = FakeRelease(name="pair", port=free_port(), source=SOURCE, workers=2)
    assert platform.deploy(release)["status"]["state"] == "ready"
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(_ask, release.port, "case=sleep&seconds=3")
        until(lambda: platform.function("pair")["status"]["workers"]["busy"] == 1)
        assert _ask(release.port, "case=die").status in (502, 503)
        assert (slow.result().status, slow.result().body) == (200, b"slept")


# --- availability, time-outs, limits --------------------------------------------------------------


def _limited(platform: PlatformProcess, name: str, **trigger: Any) -> int:
    """Deploy the function with other settings of its trigger; return its port."""
    release = FakeRelease(name=name, port=free_port(), source=SOURCE)
    platform.deploy(release)
    config = release.config()
    event_timeout = trigger.pop("eventTimeout", "")
    config["spec"]["triggers"]["http"].update(trigger)
    config["spec"]["eventTimeout"] = event_timeout
    wait = {"x-nuclio-wait-function-action": "true"}
    assert platform.api("PUT", f"/api/functions/{name}", config, wait).status == 202
    return release.port


@pytest.mark.parametrize("patience", [0, 100])
def test_when_all_workers_are_busy_for_too_long_it_is_503(
    platform: PlatformProcess, patience: int
) -> None:
    name = f"busy-{patience}"
    port = _limited(platform, name, workerAvailabilityTimeoutMilliseconds=patience)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(_ask, port, "case=sleep&seconds=3")
        until(lambda: platform.function(name)["status"]["workers"]["busy"])
        assert _ask(port, "").status == 503
        assert slow.result().status == 200


def test_an_event_that_takes_too_long_is_408_and_its_worker_replaced(
    platform: PlatformProcess,
) -> None:
    port = _limited(platform, "timed", eventTimeout="2s")
    before = _ask(port, "").json["pid"]
    answer = _ask(port, "case=sleep&seconds=600")
    assert answer.status == 408
    assert set(answer.json) == {"error"}
    assert _ask(port, "").json["pid"] != before


def test_the_default_limit_of_a_body_is_4_mib(platform: PlatformProcess) -> None:
    release = FakeRelease(name="limit", port=free_port(), source=SOURCE)
    platform.deploy(release)
    config = release.config()
    del config["spec"]["triggers"]["http"]["attributes"]["maxRequestBodySize"]
    wait = {"x-nuclio-wait-function-action": "true"}
    platform.api("PUT", "/api/functions/limit", config, wait)
    four = 4 * 1024 * 1024
    assert _ask(release.port, "case=text", b"x" * four).status == 200
    assert _ask(release.port, "case=text", b"x" * (four + 1)).status == 413


def test_health_is_answered_without_the_function(port: int) -> None:
    before = _ask(port, "").json["calls"]
    assert request(port, "GET", "/__internal/health").status == 200
    assert _ask(port, "").json["calls"] == before + 1
