"""Running the clients of package registries."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress

_LOOK_EVERY: Final = 0.5
_LONGEST_RUN: Final = 3600.0


class Finished(NamedTuple):
    """How a program ended and what it wrote."""

    code: int
    output: str
    errors: str


@contextmanager
def work_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`, as an absolute path, and remove it afterwards.

    It always has the same name, so that killed processes leave at most one behind. The caller
    ensures that no other process works on `target`.
    """
    folder = target.with_name(f"{target.name}.client").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_client(
    name: str,
    command: Sequence[str],
    folder: Path,
    progress: Progress,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end in `folder`, reporting to `progress` now and then that it runs.

    The program and its child processes are killed if this function is interrupted, and after an
    hour. Its output goes to files in `folder`.

    Raises:
        WeightsError: it cannot be started, or takes longer than that.
    """
    with (folder / "stdout").open("wb") as output, (folder / "stderr").open("wb") as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 (no shell, and the spec was checked)
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            raise WeightsError(f"cannot run {command[0]}: {error.strerror}") from error
        try:
            code = _wait(process, name, progress)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return Finished(code, _content(folder / "stdout"), _content(folder / "stderr"))


def python_environment() -> dict[str, str]:
    """Return our environment, extended so that a Python child finds the modules that we find.

    Our own modules may have been found through a PEX, which children do not inherit.
    """
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))),
    }


def take_only(files: Sequence[Path], target: Path, client: str) -> None:
    """Move the one file that a client made to `target`.

    Raises:
        WeightsError: there is no file, or more than one.
    """
    if len(files) != 1:
        raise WeightsError(f"{client} left {len(files)} files where one was expected")
    files[0].replace(target)


def _wait(process: subprocess.Popen[bytes], name: str, progress: Progress) -> int:
    waited = 0.0
    while waited < _LONGEST_RUN:
        try:
            return process.wait(timeout=_LOOK_EVERY)
        except subprocess.TimeoutExpired:
            waited += _LOOK_EVERY
            progress.waiting(f"{name} is running")
    raise WeightsError(f"{name} did not finish within {_LONGEST_RUN / 60:.0f} minutes")


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
