"""Which headers pass, and that nothing can be injected."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.serving.server.headers import for_client, for_function, request_id


def test_a_request_loses_the_headers_of_its_connection() -> None:
    headers = [
        ("Host", "h"),
        ("Connection", "keep-alive, X-Private"),
        ("X-Private", "1"),
        ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "websocket"),
        ("X-Many", "1"),
        ("x-many", "2"),
    ]
    assert for_function(headers) == {"host": "h", "x-many": "1, 2"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "1\r\nset-cookie: stolen=1"),
        ("x-a", "1\nx: y"),
        ("x-a", "nul\x00"),
        ("x-a", "\u2713"),
        ("x a", "1"),
        ("x-a:", "1"),
        ("x-a\r\nx-b", "1"),
        ("", "1"),
        ("naïve", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("Connection", "close"),
        ("X-Nuclio-Filestream-Path", "/etc/passwd"),
        ("X-Request-Id", "forged"),
    ],
)
def test_a_reply_cannot_carry(name: str, value: str) -> None:
    assert for_client({name: value}, "text/plain") == {"content-type": "text/plain"}


def test_a_reply_keeps_what_is_harmless() -> None:
    headers = {"X-Kept": " tab\tand caf\xe9 ", "Connection": "x-dropped", "x-dropped": "1"}
    assert for_client(headers, "image/png") == {
        "x-kept": "tab\tand caf\xe9",
        "content-type": "image/png",
    }


def test_a_content_type_cannot_carry_a_header() -> None:
    assert for_client({}, "a/b\r\nx: y") == {"content-type": "application/octet-stream"}


@given(st.dictionaries(st.text(), st.text()), st.text())
def test_whatever_passes_is_one_line_of_latin_1(headers: dict[str, str], kind: str) -> None:
    for name, value in for_client(headers, kind).items():
        assert set(name) <= set(string.ascii_lowercase + string.digits + "!#$%&'*+.^_`|~-")
        assert not set(value) & set("\r\n\0")
        value.encode("latin-1")


def test_a_request_keeps_its_id_if_that_is_harmless() -> None:
    assert request_id("cvat-12.3_a") == "cvat-12.3_a"
    for bad in (None, "", "a b", "a\r\nb", "x" * 129, "\u2713"):
        new = request_id(bad)
        assert len(new) == 32
        assert new != request_id(bad)
