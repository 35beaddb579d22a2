from collections.abc import Iterable
from pathlib import Path

import pytest

from contract_lint.checker.sizes import too_long, too_many
from contract_lint.checker.source import Source

_ACCEPTED = 400


def _source(path: Path, *lines: str, count: int) -> Source:
    path.write_text("\n".join([*lines, *["x = 1"] * (count - len(lines))]), encoding="utf-8")
    return Source(path)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("# long:",),
        ("import a", "# long: one table"),
        ('"""Documents.', "# long: one table", '"""'),
    ],
)
def test_a_long_file_is_found(tmp_path: Path, lines: tuple[str, ...]) -> None:
    (found,) = too_long(_source(tmp_path / "a.py", *lines, count=_ACCEPTED + 1))
    assert found.line == 1
    assert found.message == (
        "401 lines, at most 400 are accepted: split the file by subject, or state the reason "
        "above its code: # long: …"
    )


@pytest.mark.parametrize(
    "lines", [("# long: one table",), ('"""Documents."""', "# long: one table", "import a")]
)
def test_a_long_file_may_state_a_reason(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert not list(too_long(_source(tmp_path / "a.py", *lines, count=_ACCEPTED + 1)))


def test_a_file_of_the_maximum_length_is_accepted(tmp_path: Path) -> None:
    assert not list(too_long(_source(tmp_path / "a.py", count=_ACCEPTED)))


def _folder(folder: Path, names: Iterable[str]) -> list[Source]:
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")
    return [Source(path) for path in sorted(folder.glob("*.py"))]


def test_a_full_folder_is_found_once(tmp_path: Path) -> None:
    sources = _folder(tmp_path, [f"{letter}.py" for letter in "abcdefghijklmnopqrstuvwxyz"])
    (found,) = (finding for source in sources for finding in too_many(source))
    assert (found.path, found.line) == (str(tmp_path / "a.py"), 1)
    assert found.message == (
        "26 Python files in this folder, at most 25 besides tests are accepted: split it by subject"
    )


def test_tests_and_files_in_other_folders_do_not_count(tmp_path: Path) -> None:
    letters = [f"{letter}.py" for letter in "abcdefghijklmnopqrstuvwxy"]
    sources = _folder(tmp_path, [*letters, "a_test.py", "conftest.py", "inner/z.py"])
    assert not [finding for source in sources for finding in too_many(source)]
