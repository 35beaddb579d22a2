"""Pages to check."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pages.document import Document, read_document

MakePage = Callable[..., Document]


@pytest.fixture
def make_page(tmp_path: Path) -> MakePage:
    """Return a function that writes a page to the test's folder and reads it."""

    def make(text: str, name: str = "page.md") -> Document:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return read_document(path)

    return make
