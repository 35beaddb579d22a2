"""What could not be carried over, and what became something else."""

import msgspec


class Notes:
    """Lines for the person who adopts a function, in the order they came up, each once."""

    def __init__(self) -> None:
        """Begin without any."""
        self._notes: list[Note] = []

    def add(self, where: str, text: str) -> None:
        """Keep a line about the place `where`, such as a key of function.yaml.

        What function-gpu.yaml repeats of function.yaml is said once.
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
        """Return it as people read it."""
        return f"{self.where}: {self.text}"


def _key(where: str) -> str:
    """Return a place without the function.yaml that it is in."""
    return where.rpartition(".yaml ")[2]
