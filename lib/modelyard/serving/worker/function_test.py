"""Handlers of every kind, by the rules of Nuclio's Python runtime."""

import json
import sys
from pathlib import Path
from typing import Any

import nuclio_sdk
import pytest

from modelyard.serving.protocol.messages import Event
from modelyard.serving.worker.function import Function, HandlerError, to_reply


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of importable modules, which are unloaded after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    return tmp_path


@pytest.mark.parametrize(
    ("output", "status", "content_type", "body"),
    [
        ("words", 200, "text/plain", b"words"),
        (b"\xff\x00", 200, "text/plain", b"\xff\x00"),
        ({"a": 1}, 200, "application/json", b'{"a": 1}'),
        ([1, 2], 200, "application/json", b"[1, 2]"),
        ((418, "teapot"), 418, "text/plain", b"teapot"),
        ((201, {"a": 1}), 201, "application/json", b'{"a": 1}'),
        (None, 200, "text/plain", b"None"),
        (7, 200, "text/plain", b"7"),
        (nuclio_sdk.Response(body="x", content_type="text/html"), 200, "text/html", b"x"),
        (nuclio_sdk.Response(body={"a": 1}), 200, "application/json", b'{"a": 1}'),
        (nuclio_sdk.Response(body=b"\xfe", status_code=422), 422, "text/plain", b"\xfe"),
    ],
)
def test_what_a_handler_returns(output: Any, status: int, content_type: str, body: bytes) -> None:
    reply = to_reply(output)
    assert (reply.status, reply.content_type, reply.body) == (status, content_type, body)


def test_only_text_and_whole_numbers_become_headers() -> None:
    headers = {"a": "b", "n": 3, "list": ["x"], "none": None}
    assert to_reply(nuclio_sdk.Response(headers=headers)).headers == {"a": "b", "n": "3"}


@pytest.mark.parametrize("status", [0, 100, 199, 600, "many"])
def test_a_status_must_be_final(status: Any) -> None:
    with pytest.raises(ValueError, match=r"200\.\.599|invalid literal"):
        to_reply((status, "text"))


def test_a_content_type_must_be_text() -> None:
    with pytest.raises(TypeError, match="content type"):
        to_reply(nuclio_sdk.Response(content_type=3))


@pytest.mark.parametrize("name", ["nowhere", "a/b:c", "mod:Class.method", "", ":f", "mod:"])
def test_a_malformed_handler_is_named(name: str) -> None:
    with pytest.raises(HandlerError, match="malformed handler"):
        Function.load(name)


def test_a_handler_that_is_not_there_is_named() -> None:
    with pytest.raises(HandlerError, match=r"modelyard.serving does not have a function 'nothing'"):
        Function.load("modelyard.serving:nothing")


def test_init_context_is_that_of_the_defining_module(modules: Path) -> None:
    (modules / "defines.py").write_text(
        "def init_context(context): context.user_data.who = 'defines'\n"
        "def handler(context, event): return context.user_data.who\n"
    )
    (modules / "borrows.py").write_text(
        "from defines import handler\n"
        "def init_context(context): raise RuntimeError('not this one')\n"
    )
    assert Function.load("borrows:handler").handle(Event(id="1")).body == b"defines"


def test_async_handlers_share_one_loop(modules: Path) -> None:
    (modules / "awaits.py").write_text(
        "import asyncio\n"
        "async def init_context(context): context.user_data.loop = asyncio.get_running_loop()\n"
        "async def handler(context, event):\n"
        "    await asyncio.sleep(0)\n"
        "    return str(context.user_data.loop is asyncio.get_running_loop())\n"
    )
    assert Function.load("awaits:handler").handle(Event(id="1")).body == b"True"


@pytest.mark.parametrize("raised", ["ValueError('secret /path')", "SystemExit(3)", "MemoryError()"])
def test_an_exception_is_one_line_for_the_client(
    modules: Path, raised: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (modules / "raises.py").write_text(f"def handler(context, event): raise {raised}\n")
    reply = Function.load("raises:handler").handle(Event(id="abc"))
    assert reply.status == 500
    assert json.loads(reply.body) == {
        "error": "internal error (id abc); the function's log has the details"
    }
    assert "raises.py" in capfd.readouterr().err


def test_a_body_is_decoded_only_for_exactly_application_json(modules: Path) -> None:
    (modules / "kinds.py").write_text(
        "def handler(context, event): return type(event.body).__name__\n"
    )
    function = Function.load("kinds:handler")

    def kind(content_type: str, body: bytes) -> bytes:
        return function.handle(Event(id="1", content_type=content_type, body=body)).body

    assert kind("application/json", b'{"a":1}') == b"dict"
    assert kind("application/json", b"[1]") == b"list"
    assert kind("application/json; charset=utf-8", b'{"a":1}') == b"bytes"
    assert kind("application/json", b"not json") == b"bytes"
    assert kind("application/json", b"[" * 100_000) == b"bytes"
    assert kind("", b"{}") == b"bytes"


def test_an_event_carries_everything(modules: Path) -> None:
    (modules / "shows.py").write_text("def handler(context, event): return event.to_json()\n")
    event = Event(
        id="7",
        method="PUT",
        path="/a/b",
        headers={"x-one": "1"},
        content_type="application/json",
        body=b'{"n": 1}',
        fields={"q": "x"},
        timestamp=86400.0,
        url="http://localhost/a/b?q=x",
    )
    seen = json.loads(Function.load("shows:handler").handle(event).body)
    assert seen["body"] == {"n": 1}
    assert seen["timestamp"] == "1970-01-02 00:00:00"
    assert seen["trigger"] == {"kind": "http", "name": "default-http"}
    assert (seen["method"], seen["path"], seen["size"]) == ("PUT", "/a/b", 8)
    assert (seen["fields"], seen["headers"]) == ({"q": "x"}, {"x-one": "1"})


def test_the_end_is_announced_to_the_function(modules: Path) -> None:
    (modules / "ends.py").write_text(
        "import pathlib\n"
        "def init_context(context):\n"
        "    context.platform.set_termination_callback(\n"
        "        lambda: pathlib.Path(__file__).with_name('ended').touch())\n"
        "def handler(context, event): return context.worker_id\n"
    )
    function = Function.load("ends:handler", worker_id="5")
    assert function.handle(Event(id="1")).body == b"5"
    function.close()
    assert (modules / "ended").exists()
