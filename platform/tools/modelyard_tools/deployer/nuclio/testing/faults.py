"""Faults on demand: a test plants one at a point, and a double triggers it there.

Uses only the standard library, because each call of the docker double loads it.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


class FaultError(Exception):
    """The message of a planted fault."""


class CutError(Exception):
    """The connection should end without an answer."""


class AbandonedError(Exception):
    """The program that worked on it was interrupted."""


class EngineDiedError(Exception):
    """The engine should stop, and come back after the number of seconds in the text."""


class Faults:
    """The faults planted in a folder, one file per point."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def plant(self, point: str, do: str, *, times: int = 1, skip: int = 0, text: str = "") -> None:
        """Have `point` fail `times` times, after the first `skip` times.

        `do` is one of `fail` (with `text`), `cut`, `abandon`, `kill` (whoever asked), `hang`
        (for as many seconds as `text` says), `engine-dies` (and comes back after `text` seconds).
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        planted = {"do": do, "times": times, "skip": skip, "text": text}
        (self._folder / point).write_text(json.dumps(planted))

    def clear(self) -> None:
        """Remove all of them."""
        for path in self._folder.glob("*"):
            path.unlink(missing_ok=True)

    @property
    def planted(self) -> bool:
        """Whether there are any."""
        return self._folder.exists() and any(self._folder.iterdir())

    def next(self, point: str) -> tuple[str, str] | None:
        """Return the fault due at `point`: what to do, and its text."""
        path = self._folder / point
        try:
            planted = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        if planted["skip"]:
            path.write_text(json.dumps({**planted, "skip": planted["skip"] - 1}))
            return None
        if planted["times"] == 1:
            path.unlink(missing_ok=True)
        else:
            path.write_text(json.dumps({**planted, "times": planted["times"] - 1}))
        return planted["do"], planted["text"]

    def strike(self, point: str, client: Callable[[], int]) -> None:
        """Trigger the fault planted at `point`; `client` returns the process that asked.

        Raises:
            FaultError, CutError, AbandonedError: as planted.
        """
        match self.next(point):
            case ("kill", _):
                pid = client()
                if pid <= 0:
                    # To the kernel, that would mean this process and its whole group.
                    raise FaultError(f"no process to kill is known at {point}")
                os.kill(pid, signal.SIGKILL)
            case ("hang", seconds):
                time.sleep(float(seconds))
            case ("engine-dies", seconds):
                raise EngineDiedError(seconds)
            case ("cut", _):
                raise CutError
            case ("abandon", _):
                raise AbandonedError
            case (_, text):
                raise FaultError(text)
