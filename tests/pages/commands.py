"""Checks that every command mentioned on the pages is run somewhere."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pages.blocks import SHELL
from pages.document import Document

_LAUNCHER: Final = "./pants "
# A word such as NAME or <model> is a placeholder.
_PLACEHOLDER: Final = re.compile(r"<[^<>]+>|(?<![\w-])[A-Z][A-Z_]+(?![\w-])")
_CONTINUED: Final = re.compile(r"\\\n\s*")


def problems(documents: Iterable[Document], scripts: Iterable[Path]) -> Iterator[str]:
    """Yield the commands within sentences that are in no block of commands and no script."""
    documents = list(documents)
    known = [
        block.content
        for document in documents
        for block in document.blocks
        if block.info[:1] == (SHELL,)
    ]
    known += [path.read_text(encoding="utf-8") for path in scripts]
    text = [_CONTINUED.sub(" ", each) for each in known]
    for document in documents:
        for code in document.codes:
            if code.text.startswith(_LAUNCHER) and not _is_in(code.text, text):
                yield (
                    f"{document.path}:{code.line}: no block of commands, test or script runs "
                    f"`{code.text}`"
                )


def _is_in(command: str, texts: Sequence[str]) -> bool:
    words = command.replace("…", "SOMETHING").split()
    pattern = re.compile(r"\s+".join(_PLACEHOLDER.sub(r"\\S+", re.escape(word)) for word in words))
    return any(pattern.search(text) for text in texts)
