"""Checks the pages: `./pants run tests/pages:check`.

Links resolve, code blocks are labelled, and every command within a sentence is run by a page or a
script.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pages import blocks, commands, links
from pages.document import read_document

# Pages whose commands need not be run: Pants' help, and half-hour measurements.
_MENTIONING: Final = ("docs/targets.md", "tests/benchmarks/")


def main() -> int:
    """Print the problems; return 1 if there are any."""
    argparse.ArgumentParser(description="Check all pages of the repository.").parse_args()
    found = list(problems([Path(path) for path in _tracked("*.md")], list(Path(".ci").iterdir())))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def problems(pages: list[Path], scripts: list[Path]) -> Iterator[str]:
    """Yield problems with the pages, one line each."""
    documents = {page.resolve(): read_document(page) for page in pages}
    yield from links.problems(documents)
    for document in documents.values():
        yield from blocks.problems(document)
    shown = [page for page in documents.values() if not str(page.path).startswith(_MENTIONING)]
    yield from commands.problems(shown, scripts)


def _tracked(pattern: str) -> list[str]:
    listed = subprocess.run(  # noqa: S603 - a command of our own
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", pattern],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in listed.stdout.split("\0") if path]


if __name__ == "__main__":
    sys.exit(main())
