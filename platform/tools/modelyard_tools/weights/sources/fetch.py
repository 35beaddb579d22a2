"""Fetches a pinned file, or the wanted members of a pinned archive, into a folder.

    python -m modelyard_tools.weights.sources.fetch --spec spec.json --cache DIR [--out DIR]
        [--npm PATH]

Without `--out`, only the cache is filled. Exit code 0: the files are there. 1: they could not be
fetched; the last line on stderr says what, from where, why and what to do; the lines before it
report progress. 130: interrupted.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from modelyard_contract.variables import WEIGHTS_MIRROR
from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.archive import extract
from modelyard_tools.weights.sources.obtain import Means, obtain
from modelyard_tools.weights.sources.spec import Spec, UrlSource
from modelyard_tools.weights.sources.store import Store, copy_into

_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool and return the exit code."""
    options = _parse(arguments)
    try:
        _fetch(options.spec, options.cache, options.out, options.npm)
    except WeightsError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cannot use {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; received data is kept for the next run", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="modelyard_tools.weights.sources.fetch", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--spec", type=Path, required=True, help="JSON file that describes the download"
    )
    parser.add_argument(
        "--cache", type=Path, required=True, help="cache folder shared by all fetches"
    )
    parser.add_argument("--out", type=Path, help="folder to write the files to")
    parser.add_argument("--npm", type=Path, help="npm program to use for npm: sources")
    return parser.parse_args(arguments)


def _fetch(spec_file: Path, cache: Path, out: Path | None, npm: Path | None) -> None:
    spec = Spec.read(spec_file)
    mirror = os.environ.get(WEIGHTS_MIRROR)
    means = Means(npm=npm, mirror=Path(mirror) if mirror else None)
    path = obtain(spec, Store(cache), means, Progress(spec.name, sys.stderr))
    if out is not None:
        _unpack(spec, path, out)


def _unpack(spec: Spec, path: Path, out: Path) -> None:
    first = spec.sources[0]
    if spec.members is not None:
        try:
            extract(path, spec.members, out)
        except WeightsError as error:
            raise WeightsError(f"{spec.name}: {first}: {error}; correct its `members`") from error
    elif isinstance(first, UrlSource):
        copy_into(path, out / first.file_name)


if __name__ == "__main__":
    # An ordinary exit, so that no child processes or temporary folders are left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
