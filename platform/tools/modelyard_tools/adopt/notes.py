"""Notes on what could not be carried over, and what was changed."""

import msgspec


class Notes:
    """Lines for the person who adopts a function, in order of appearance, without duplicates."""

    def __init__(self) -> None:
        """Start empty."""
        self._notes: list[Note] = []

    def add(self, where: str, text: str) -> None:
        """Add a line about the place `where`, such as a key of function.yaml.

        A line that applies to both function.yaml and function-gpu.yaml is kept once.
        """
        if not any(note.text == text and _key(note.where) == _key(where) for note in self._notes):
            self._notes.append(Note(where, text))

    @property
    def all(self) -> tuple["Note", ...]:
        """The lines."""
        return tuple(self._notes)


class Note(msgspec.Struct, frozen=True):
    """One line."""

    where: str
    text: str

    def __str__(self) -> str:
        """Return it as one line of text."""
        return f"{self.where}: {self.text}"


def _key(where: str) -> str:
    """Return a place without the name of its file."""
    return where.rpartition(".yaml ")[2]
