from pathlib import Path, PurePath

import pytest

from contract_lint.checker.source import Comment, Finding, Source, is_test


@pytest.mark.parametrize(
    "path",
    [
        "lib/a_test.py",
        "lib/testing/fakes.py",
        "lib/fakes_testing.py",
        "lib/conftest.py",
        "lib/testutil.py",
        "3rdparty/standins.py",
        "tests/imports/graph.py",
    ],
)
def test_tests_and_test_helpers_are_recognised(path: str) -> None:
    assert is_test(PurePath(path))


@pytest.mark.parametrize("path", ["lib/a.py", "lib/test_pattern.py", "platform/tools/latest.py"])
def test_other_files_are_not(path: str) -> None:
    assert not is_test(PurePath(path))


def test_comments_are_found_but_not_strings(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = '# no'  # one\n  # two\n", encoding="utf-8")
    assert Source(path).comments == [Comment(1, "# one", False), Comment(2, "# two", True)]


def test_a_finding_is_one_line() -> None:
    assert str(Finding("lib/a.py", 3, "wrong")) == "lib/a.py:3: wrong"
