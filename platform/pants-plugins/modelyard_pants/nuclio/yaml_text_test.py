from __future__ import annotations

import pytest
import yaml

from modelyard_pants.nuclio.yaml_text import Quoted, render_yaml

# Text that YAML 1.1 or Go's parsers of it read as something else.
AMBIGUOUS = ["yes", "y", "N", "off", "true", "null", "~", "1.0", "1e3", "0x1f", "1_000", "12:30"]


@pytest.mark.parametrize("text", [*AMBIGUOUS, ".inf", "nan", "2001-01-01", "", "-", "=", "<<"])
@pytest.mark.parametrize("kind", [str, Quoted])
def test_text_that_reads_as_something_else_is_quoted(kind: type[str], text: str) -> None:
    assert render_yaml({"key": kind(text)}) == f"key: '{text}'\n".encode()


@pytest.mark.parametrize(
    "text", ["http", "modelyard.serving.worker.nuclio:handler", "modelyard/f:cpu", "cvat.f"]
)
def test_our_own_words_are_plain_unless_quoting_is_requested(text: str) -> None:
    assert render_yaml({"key": text}) == f"key: {text}\n".encode()
    assert render_yaml({"key": Quoted(text)}) == f"key: '{text}'\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "- x",
        "é ü 猫 🐈",
        '"quoted"',
        "it's",
        "#no",
        " padded ",
        "a\nb\n",
        "a \nb",
        "\\",
        "%",
        "x" * 500,
    ],
)
def test_any_text_survives_on_one_line_or_as_a_block(text: str) -> None:
    rendered = render_yaml({"key": Quoted(text)})
    assert yaml.safe_load(rendered) == {"key": text}
    assert len(rendered.splitlines()) <= 1 + len(text.splitlines())


def test_the_keys_keep_their_order_and_nothing_becomes_an_alias() -> None:
    shared = {"kb": 1, "ka": 2}
    assert render_yaml({"zz": shared, "aa": shared}) == (
        b"zz:\n  kb: 1\n  ka: 2\naa:\n  kb: 1\n  ka: 2\n"
    )
