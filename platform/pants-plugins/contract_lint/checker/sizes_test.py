from pathlib import Path

import pytest

from contract_lint.checker.sizes import too_long
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
        "401 lines, at most 400 are accepted: divide the file by subjects, or write above its "
        "code why not: # long: …"
    )


@pytest.mark.parametrize(
    "lines", [("# long: one table",), ('"""Documents."""', "# long: one table", "import a")]
)
def test_a_long_file_may_say_why(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert not list(too_long(_source(tmp_path / "a.py", *lines, count=_ACCEPTED + 1)))


def test_a_file_of_the_greatest_length_is_accepted(tmp_path: Path) -> None:
    assert not list(too_long(_source(tmp_path / "a.py", count=_ACCEPTED)))
