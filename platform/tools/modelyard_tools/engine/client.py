"""The command-line client of a container engine."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Final, NoReturn, Self

from modelyard_tools.errors import ToolError

_TIMEOUT: Final = 120.0

Done = subprocess.CompletedProcess[bytes]


class EngineError(ToolError):
    """The engine refused, or is not running; the text is its last line of output."""


class Client:
    """A client program, such as docker."""

    def __init__(self, program: str) -> None:
        self.program: Final = program
        self.name: Final = os.path.basename(program)

    @classmethod
    def find(cls, names: Sequence[str], missing: str) -> Self:
        """Return the first of these programs on the PATH.

        Raises:
            EngineError: none was found; the text is `missing`.
        """
        program = next(filter(None, map(shutil.which, names)), None)
        if program is None:
            raise EngineError(missing)
        return cls(program)

    def ask(self, *arguments: str, content: bytes = b"", timeout: float | None = _TIMEOUT) -> str:
        """Run a command and return its output.

        Raises:
            EngineError: the command failed.
        """
        done = self.run(*arguments, content=content, timeout=timeout)
        if done.returncode:
            raise self.failure(done)
        return done.stdout.decode(errors="replace")

    def run(self, *arguments: str, content: bytes = b"", timeout: float | None = _TIMEOUT) -> Done:
        """Run a command, with `content` as its input, and return its result.

        Raises:
            EngineError: the client cannot be started, or does not end within `timeout` seconds.
        """
        try:
            return subprocess.run(  # noqa: S603 - our own arguments
                [self.program, *arguments],
                input=content,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            what = " ".join(arguments[:2])
            raise EngineError(f"`{self.name} {what}` did not end within {timeout:g} s") from None
        except OSError as error:
            raise EngineError(f"cannot run {self.program}: {error.strerror}") from None

    def feed(self, arguments: Sequence[str], write: Callable[[IO[bytes]], None]) -> Done:
        """Run a command with the input that `write` writes; its output is discarded."""
        command = [self.program, *arguments]
        with subprocess.Popen(  # noqa: S603 - our own arguments
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            if process.stdin is None or process.stderr is None:
                raise AssertionError("both are piped")
            # The client may exit before it has read everything; its error output says why.
            with suppress(BrokenPipeError), process.stdin as pipe:
                write(pipe)
            error = process.stderr.read()
        return Done(command, process.returncode, b"", error)

    def log(self, container: str, *options: str) -> str:
        """Return a container's output, both streams interleaved; "" if it is gone."""
        done = subprocess.run(  # noqa: S603 - our own arguments
            [self.program, "logs", *options, container],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT,
            check=False,
        )
        return "" if done.returncode else done.stdout.decode(errors="replace")

    def show(self, *arguments: str) -> None:
        """Run a command on this process's own streams until it ends."""
        subprocess.run([self.program, *arguments], check=False)  # noqa: S603 - our own arguments

    def become(self, *arguments: str) -> NoReturn:
        """Replace this process with the client."""
        os.execv(self.program, [self.program, *arguments])  # noqa: S606 - our own arguments

    def failure(self, done: Done) -> EngineError:
        """Return the error of a command that failed: its last line."""
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        return EngineError(f"{self.name}: {lines[-1] if lines else 'failed without a message'}")
