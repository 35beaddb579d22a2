"""Writes the table of forms into a page: `./pants run …/table.py -- docs/bring-your-own.md`.

A row for each form that `forms_test.py` tests, between the comments that mark the table.
"""

import argparse
import re
from pathlib import Path
from typing import Final

from modelyard_tools.scaffold.testing.forms import AUTHORS, TRANSFORMERS, ULTRALYTICS, Form
from modelyard_tools.scaffold.testing.more_forms import DETECTORS, MAPS

FORMS: Final = (*ULTRALYTICS, *AUTHORS, *TRANSFORMERS, *DETECTORS, *MAPS)
_PLACE: Final = re.compile(r"(<!-- forms: [^\n]* -->\n).*?(<!-- end of forms -->)", re.DOTALL)


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| Family | Form | Read from | Head | Verified by |", "|---|---|---|---|---|"]
    lines += [_row(form) for form in FORMS]
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """Return a page with the table in its place."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{table()}\n{place[2]}", page)


def main() -> None:
    """Write the table into the pages."""
    parser = argparse.ArgumentParser(description="Write the table of forms into pages.")
    parser.add_argument("page", type=Path, nargs="+")
    for page in parser.parse_args().page:
        page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


def _row(form: Form) -> str:
    verified = f"planted, {form.peer}" if form.peer else "planted"
    cells = (form.family, form.form, form.read_from, f"`{form.head}`", verified)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
