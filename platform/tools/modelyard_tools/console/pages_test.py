"""The console's files as served, without a browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard_contract.version import VERSION
from modelyard_tools.console.pages import _STATIC
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.home.folders import Home

FILES = sorted(file for file in _STATIC.rglob("*") if file.is_file())
TEXTS = [file for file in FILES if file.suffix in {".html", ".js", ".css", ".svg"}]
_LARGEST = 200_000


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as platform:
        yield platform


def name(file: Path) -> str:
    return file.relative_to(_STATIC).as_posix()


def test_the_page_is_there_with_its_policy(platform: PlatformProcess) -> None:
    answer = platform.api("GET", "/")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert f">{VERSION}<" in answer.body.decode()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_file_is_served_under_the_policy(platform: PlatformProcess, file: Path) -> None:
    answer = platform.api("GET", f"/console/{name(file)}")
    assert answer.status == 200
    assert answer.body == file.read_bytes()
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"
    known = {"if-none-match": answer.headers["etag"]}
    assert platform.api("GET", f"/console/{name(file)}", headers=known).status == 304


@pytest.mark.parametrize(("suffix", "kind"), [("js", "text/javascript"), ("css", "text/css")])
def test_scripts_and_styles_have_the_types_that_browsers_insist_on(
    platform: PlatformProcess, suffix: str, kind: str
) -> None:
    for file in _STATIC.rglob(f"*.{suffix}"):
        answer = platform.api("GET", f"/console/{name(file)}")
        assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        "/console/none.js",
        "/console/../pages.py",
        "/console/%2e%2e/pages.py",
        "/console/..%2fpages.py",
        "/console/script/%2e%2e/%2e%2e/pages.py",
        "/console//etc/passwd",
        "/console/%00",
    ],
)
def test_nothing_else_is_served(platform: PlatformProcess, path: str) -> None:
    assert platform.api("GET", path).status == 404


def test_nothing_is_changed_through_it(platform: PlatformProcess) -> None:
    assert platform.api("POST", "/").status == 405
    assert platform.api("PUT", "/console/icon.svg").status == 405


@pytest.mark.parametrize("file", TEXTS, ids=name)
def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline(file: Path) -> None:
    text = file.read_text()
    foreign = re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}", text.replace("www.w3.org", ""))
    assert [url for url in foreign if not url.startswith("// ")] == []
    if file.suffix == ".html":
        assert "style=" not in text
        assert re.findall(r"<script(?![^>]* src=)", text) == []
        assert re.findall(r"\son\w+=", text) == []
    if file.suffix == ".js":
        for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function"):
            assert dangerous not in text


@pytest.mark.parametrize("file", TEXTS, ids=name)
def test_what_is_named_exists(file: Path) -> None:
    text = file.read_text()
    for imported in re.findall(r'from "(\.{1,2}/[^"]+)"', text):
        assert (file.parent / imported).resolve().is_file(), imported
    for linked in re.findall(r'(?:href|src)="/console/([^"]+)"', text):
        assert (_STATIC / linked).is_file(), linked


def test_pictures_are_small_and_their_origin_is_noted() -> None:
    told = (_STATIC / "samples" / "README.md").read_text()
    for file in (_STATIC / "samples").glob("*.jpg"):
        assert file.stat().st_size < _LARGEST
        assert re.sub(r"\d", "1", file.name) in told
