"""Running other programs."""

import shutil
import subprocess
from collections.abc import Sequence

import msgspec


class Output(msgspec.Struct, frozen=True):
    """What a program printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """The last line of its error output."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1] if lines else f"exit code {self.code}"


def ask(command: Sequence[str], seconds: float = 10.0) -> Output | None:
    """Run a program for at most `seconds`; None if it is not found."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the program is one of those named in this package
            [program, *command[1:]], capture_output=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return Output(-1, "", f"{command[0]} did not answer within {seconds:g} s")
    except OSError as error:
        return Output(-1, "", f"{program}: {error.strerror}")
    return Output(
        done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
