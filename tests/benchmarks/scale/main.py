"""Measures how Pants scales with the repository: `./pants run tests/benchmarks/scale/main.py`.

Creates repositories of N functions, runs a developer's goals in each with a warm daemon, and prints
the medians, with the growth from the smallest to the largest N. The first build of 500 functions
takes a quarter of an hour on two cores; `-- --functions 10 100` is quicker. Exits with 1 if a
developer's goals after an edit of one handler grow by more than half, not counting Pants' search
for changes: its dependency graph covers all targets.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.scale.repository import edit, handler_of, make_repository, name_of

_ALL: Final = "functions::"
_LIBRARY: Final = "lib/modelyard/imaging/geometry.py"
_BAR: Final = 1.5
_ONE: Final = "package one, its handler edited"
_FIND: Final = "list what changed, a handler edited"
_CHANGED: Final = "package what changed, a handler edited"
_BEYOND: Final = "package what changed, beyond listing it"


class Repository:
    """A synthetic repository and its daemon."""

    def __init__(self, folder: Path, functions: int) -> None:
        """Write it."""
        self.folder = folder
        self.last = functions - 1
        self._edits = 0
        make_repository(Path.cwd(), folder, functions)

    def pants(self, *arguments: str) -> float:
        """Run Pants; return the seconds it took."""
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own launcher
            [str(self.folder / "pants"), *arguments],
            cwd=self.folder,
            env={**os.environ, "PANTS_DYNAMIC_UI": "false"},
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"pants {' '.join(arguments)}\n{done.stderr[-4000:]}")
        return time.perf_counter() - started

    def edit(self, file: Path) -> None:
        """Edit one line of `file`."""
        self._edits += 1
        edit(file, self._edits)

    def stop(self) -> None:
        """End the daemon."""
        for pid in self.folder.glob(".pids/*/pantsd/pid"):
            os.kill(int(pid.read_text()), 15)


def works(repository: Repository) -> dict[str, Callable[[], float]]:
    """Return a developer's actions by name; each returns the seconds it took."""
    one = f"functions/openvino/{name_of(repository.last)}#cpu"
    handler = handler_of(repository.folder, repository.last)
    changed = ("--changed-since=HEAD", "--changed-dependents=transitive")

    def after_edit(file: Path, *goal: str) -> Callable[[], float]:
        def work() -> float:
            repository.edit(file)
            return repository.pants(*goal)

        return work

    return {
        "list functions::": lambda: repository.pants("list", _ALL),
        "package one function, nothing changed": lambda: repository.pants("package", one),
        "package functions::, nothing changed": lambda: repository.pants("package", _ALL),
        _ONE: after_edit(handler, "package", one),
        _FIND: after_edit(handler, *changed, "list"),
        _CHANGED: after_edit(handler, *changed, "package"),
        "package functions::, a handler edited": after_edit(handler, "package", _ALL),
        "package one, the library edited": after_edit(repository.folder / _LIBRARY, "package", one),
    }


def measure(repositories: Sequence[Repository], rounds: int) -> Iterator[tuple[str, list[float]]]:
    """Yield each action and, for each repository, the median of its seconds.

    The repositories take turns, so that other load affects all of them alike.
    """
    works_of = [works(repository) for repository in repositories]
    for name in works_of[0]:
        taken = [[work[name]() for work in works_of] for _ in range(rounds)]
        yield name, [statistics.median(column) for column in zip(*taken, strict=True)]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, nargs="+", default=[10, 100, 500])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="scale-") as scratch, ExitStack() as started:
        repositories = []
        for functions in options.functions:
            repository = Repository(Path(scratch) / f"{functions}", functions)
            started.callback(repository.stop)
            repository.pants("package", _ALL)
            repositories.append(repository)
        _print("seconds (median)", [f"N={n}" for n in options.functions], "growth")
        taken = {}
        for name, seconds in measure(repositories, options.rounds):
            taken[name] = seconds
            _show(name, seconds)
        taken[_BEYOND] = [
            all_of_it - finding
            for all_of_it, finding in zip(taken[_CHANGED], taken[_FIND], strict=True)
        ]
        _show(_BEYOND, taken[_BEYOND])
    return int(any(_growth(taken[name]) > _BAR for name in (_ONE, _BEYOND)))


def _growth(seconds: Sequence[float]) -> float:
    return seconds[-1] / seconds[0]


def _show(name: str, seconds: Sequence[float]) -> None:
    _print(name, [f"{value:.1f}" for value in seconds], f"{_growth(seconds):.2f}x")


def _print(name: str, numbers: Sequence[str], growth: str) -> None:
    print(f"{name:40}" + "".join(f"{number:>9}" for number in (*numbers, growth)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
