"""How long Pants takes as the repository grows: `./pants run tests/benchmarks/scale/main.py`.

Makes repositories of N functions, runs the goals a developer runs in each with a warm daemon, and
prints the medians, with the growth from the smallest to the largest N. The first build of 500
functions takes a quarter of an hour on two cores; `-- --functions 10 100` is quicker.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.scale.repository import edit, handler_of, make_repository, name_of

_ALL: Final = "functions::"
_LIBRARY: Final = "lib/imaging/geometry.py"
Rows = dict[str, list[float]]


class Repository:
    """A synthetic repository and its daemon."""

    def __init__(self, folder: Path, functions: int) -> None:
        """Write it and build everything once."""
        self.folder = folder
        self.last = functions - 1
        self._edits = 0
        make_repository(Path.cwd(), folder, functions)
        self.pants("package", _ALL)

    def pants(self, *arguments: str) -> float:
        """Run Pants; return the seconds it took."""
        started = time.perf_counter()
        subprocess.run(  # noqa: S603 - our own launcher
            [str(self.folder / "pants"), *arguments],
            cwd=self.folder,
            env={**os.environ, "PANTS_DYNAMIC_UI": "false"},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        return time.perf_counter() - started

    def edit(self, file: Path) -> None:
        """Change one line of `file`."""
        self._edits += 1
        edit(file, self._edits)

    def stop(self) -> None:
        """End the daemon."""
        for pid in self.folder.glob(".pids/*/pantsd/pid"):
            os.kill(int(pid.read_text()), 15)


def measure(repository: Repository, rounds: int) -> Iterator[tuple[str, float]]:
    """Yield what was done and the median of its seconds."""
    one = f"functions/openvino/{name_of(repository.last)}#cpu"
    handler = handler_of(repository.folder, repository.last)
    library = repository.folder / _LIBRARY

    def median(work: Callable[[], float]) -> float:
        return statistics.median(work() for _ in range(rounds))

    def after_edit(file: Path, *goal: str) -> Callable[[], float]:
        def work() -> float:
            repository.edit(file)
            return repository.pants(*goal)

        return work

    yield "list functions::", median(lambda: repository.pants("list", _ALL))
    yield "package one function, nothing changed", median(lambda: repository.pants("package", one))
    yield "package functions::, nothing changed", median(lambda: repository.pants("package", _ALL))
    yield "package one, its handler edited", median(after_edit(handler, "package", one))
    changed = ("--changed-since=HEAD", "--changed-dependents=transitive", "package")
    yield "package what changed, a handler edited", median(after_edit(handler, *changed))
    yield "package functions::, a handler edited", median(after_edit(handler, "package", _ALL))
    yield "package one, the library edited", median(after_edit(library, "package", one))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, nargs="+", default=[10, 100, 500])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    rows: Rows = {}
    for functions in options.functions:
        with tempfile.TemporaryDirectory(prefix="scale-") as scratch:
            repository = Repository(Path(scratch) / "repository", functions)
            try:
                for name, seconds in measure(repository, options.rounds):
                    rows.setdefault(name, []).append(seconds)
                    print(f"{functions:4d} functions: {name}: {seconds:.1f} s", file=sys.stderr)
            finally:
                repository.stop()
    _print(options.functions, rows)
    return 0


def _print(functions: Sequence[int], rows: Rows) -> None:
    print(f"{'seconds (median)':42}" + "".join(f"{f'N={n}':>9}" for n in functions) + "   growth")
    for name, seconds in rows.items():
        numbers = "".join(f"{value:9.1f}" for value in seconds)
        print(f"{name:42}{numbers}{seconds[-1] / seconds[0]:8.2f}x")


if __name__ == "__main__":
    sys.exit(main())
