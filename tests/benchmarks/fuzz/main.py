"""`./pants run tests/benchmarks/fuzz -- --requests 20000`: see the package."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.fuzz.attack import attack
from benchmarks.fuzz.corpus import corpus


def main() -> int:
    """Send the requests; return 1 if any of them did harm."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = attack(Path(folder) / "home", corpus(options.seed, options.requests))
    for (level, status), count in sorted(outcome.statuses.items()):
        print(f"{level:6} {status or 'closed'!s:7} {count}")
    print(f"{outcome.requests} malformed requests, {len(outcome.failures)} failures")
    for failure in outcome.failures[:20]:
        print(f"  {failure}")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
