"""Other programs' words."""

import shutil
import subprocess
from collections.abc import Sequence

import msgspec


class Said(msgspec.Struct, frozen=True):
    """What a program printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """The last line of what it complained about."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1] if lines else f"it exited with code {self.code}"


def ask(command: Sequence[str], seconds: float = 10.0) -> Said | None:
    """Run a program for so long at most; None where there is none."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the program is one of those named in this package
            [program, *command[1:]], capture_output=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return Said(-1, "", f"{command[0]} did not answer within {seconds:g} s")
    except OSError as error:
        return Said(-1, "", f"{program}: {error.strerror}")
    return Said(
        done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
