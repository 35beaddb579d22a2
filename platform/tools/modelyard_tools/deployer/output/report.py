"""What the deployer shows: tables, progress, errors. Plain lines here; see `terminal`."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TextIO

Row = Sequence[str]


class Report:
    """Plain text: results on standard output, progress and errors on standard error."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err

    def line(self, text: str = "") -> None:
        """Show a line of the result."""
        print(text, file=self._out, flush=True)

    def error(self, text: str) -> None:
        """Show what went wrong."""
        print(text, file=self._err, flush=True)

    def table(self, header: Row, rows: Sequence[Row]) -> None:
        """Show rows of text in columns."""
        for cells in padded((header, *rows)):
            self.line("  ".join(cells).rstrip())

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show that something is in progress that may take some seconds."""
        print(f"{text} …", file=self._err, flush=True)
        yield


def padded(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with each cell as wide as the widest one of its column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
