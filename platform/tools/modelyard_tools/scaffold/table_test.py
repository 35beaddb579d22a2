"""The table of forms in the documentation is that of the tests."""

from pathlib import Path

from modelyard_tools.scaffold.testing.table import FORMS, table, with_table

PAGE = Path("docs/bring-your-own.md")


def test_the_page_lists_what_the_tests_plant() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page) == page, "write it again with the command in the page's comment"
    assert table() in page


def test_each_form_has_its_own_row() -> None:
    rows = table().splitlines()
    assert len(set(rows)) == len(rows) == len(FORMS) + 2
