"""The deployer's output on a terminal."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from modelyard_tools.deployer.output.report import Report, Row, padded

_COLOURS: Final = {
    "ready": "green",
    "create": "green",
    "update": "yellow",
    "unchanged": "dim",
    "building": "yellow",
    "keep": "dim",
    "blocked": "magenta",
    "remove": "red",
    "removed": "red",
    "unhealthy": "red",
    "error": "red",
    "failed": "red",
}


class RichReport(Report):
    """Colours, aligned tables, and a spinner while something is in progress."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__(out, err)
        self._console = Console(file=out, highlight=False, soft_wrap=True)
        self._errors = Console(file=err, highlight=False, soft_wrap=True)

    def error(self, text: str) -> None:
        """Show what went wrong, its first line in red."""
        first, _, rest = text.partition("\n")
        self._errors.print(Text(first, style="bold red"))
        if rest:
            self._errors.print(Text(rest))

    def table(self, header: Row, rows: Sequence[Row]) -> None:
        """Show rows in columns, and states in colour."""
        # Rich's own tables wrap long cells, and a wrapped URL cannot be copied.
        titles, *others = padded((header, *rows))
        self._console.print(Text("  ".join(titles).rstrip(), style="bold"))
        for cells in others:
            painted = [Text(cell, style=_COLOURS.get(cell.strip(), "")) for cell in cells]
            self._console.print(Text("  ").join(painted))

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a spinner next to `text` until the step is done."""
        with self._errors.status(Text(f"{text} …")):
            yield
