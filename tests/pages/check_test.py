from collections.abc import Callable
from pathlib import Path

import pytest

from pages.check import problems
from pages.conftest import MakePage


@pytest.fixture
def found(make_page: MakePage, tmp_path: Path) -> Callable[..., list[str]]:
    script = tmp_path / "run"
    script.write_text("./pants run x:lock -- \\\n  --check\n", encoding="utf-8")
    make_page("# There\n", "folder/other.md")

    def check(text: str) -> list[str]:
        page = make_page(text)
        paths = [page.path, tmp_path / "folder" / "other.md"]
        return [line.removeprefix(f"{page.path}:") for line in problems(paths, [script])]

    return check


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a](none.md)", "1: the link none.md leads nowhere"),
        ("![a](none.png)", "1: the link none.png leads nowhere"),
        ("x\n\n[a](#none)", "3: the link #none names a heading that page.md does not have"),
        (
            "[a](folder/other.md#none)",
            "1: the link folder/other.md#none names a heading that other.md does not have",
        ),
        ("[a](run#none)", "1: the link run#none has an anchor but its target is not a page"),
        ("```\n./pants\n```", "1: the code block has no language, such as `sh`"),
        (
            "```sh somewhere\n./pants\n```",
            "1: commands may need cache, cvat, docker, gpu, kubernetes, network, nuclio, "
            "upgrade, weights; not somewhere",
        ),
        (
            "Try `./pants run y:lock`.",
            "1: no block of commands, test or script runs `./pants run y:lock`",
        ),
    ],
)
def test_what_is_wrong_is_named(found: Callable[..., list[str]], text: str, problem: str) -> None:
    assert found(text) == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "[a](folder/other.md#there), [b](folder), [c](https://example.org/none)",
        "# A place\n\n[a](#a-place)",
        "```sh docker\n./pants one\n```\n\nTry `./pants one`.",
        "```sh serves:8081\n./pants one\n```",
        "`./pants run x:lock -- --check`, `./pants run TARGET`, `./pants run x:lock …`",
    ],
)
def test_what_is_right_is_passed_over(found: Callable[..., list[str]], text: str) -> None:
    assert found(text) == []
