"""Records the digest of weights whose publisher does not state one.

    ./pants lock-weights 3rdparty/models:NAME [--file PATH] [--keep FOLDER]

Downloads the file from its author, or takes the copy at PATH, and writes its SHA-256 and size into
the BUILD file. From then on they are enforced. Only you can decide whether to trust the file:
compare the printed digest with the one that others have.

Exit code 0: recorded. 1: not recorded; the last line on stderr says why.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests

from modelyard_contract.variables import WEIGHTS_MIRROR
from modelyard_contract.version import VERSION
from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.pins.pin import Pin, find_pin, record
from modelyard_tools.weights.progress import Progress, megabytes
from modelyard_tools.weights.sources.digest import Digest
from modelyard_tools.weights.sources.download import Policy, download
from modelyard_tools.weights.sources.spec import UrlSource, parse_source


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line tool in the repository and return the exit code."""
    options = _parse(arguments)
    try:
        pin = find_pin(Path.cwd(), options.address)
        with tempfile.TemporaryDirectory(prefix="lock-weights-") as folder:
            path = options.file or _downloaded(pin, Path(folder))
            _lock(pin, path)
            if options.keep:
                _keep(path, options.keep)
    except WeightsError as error:
        print(f"lock-weights: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except OSError as error:
        what = error.filename or "a file"
        print(f"lock-weights: cannot use {what}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def announced_size(url: str, policy: Policy) -> int:
    """Return the length in bytes that the server states for the file at `url`.

    Raises:
        WeightsError: the server cannot be reached, refuses, or does not state a length.
    """
    try:
        with requests.get(
            url, headers={"Accept-Encoding": "identity"}, stream=True, timeout=policy.timeout
        ) as response:
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            kind = response.headers.get("Content-Type", "")
    except requests.RequestException as error:
        raise WeightsError(f"cannot download {UrlSource(url)}: {error}") from error
    if not length.isdecimal() or kind.startswith("text/html"):
        raise WeightsError(
            f"{UrlSource(url)} did not answer with a file; download it with a browser and pass it "
            "with --file"
        )
    return int(length)


def _downloaded(pin: Pin, folder: Path) -> Path:
    if pin.source is None:
        raise WeightsError(
            f"{pin.name}: its source is computed; download it and pass it with --file"
        )
    source = parse_source(pin.source)
    if not isinstance(source, UrlSource) or urlsplit(source.url).scheme == "file":
        raise WeightsError(f"{pin.name}: cannot download {source} here; pass the file with --file")
    policy = Policy()
    size = announced_size(source.url, policy)
    path = folder / source.file_name
    progress = Progress(pin.name, sys.stderr)
    progress.say(f"fetching {megabytes(size)} from {source}")
    download(source.url, path, size, progress, policy)
    return path


def _lock(pin: Pin, path: Path) -> None:
    size, sha256 = path.stat().st_size, Digest.of(path).value
    print(f"{pin.name}: {size} bytes, sha256 {sha256}")
    recorded = record(pin, sha256, size)
    where = os.path.relpath(pin.file)
    print(f"{'recorded' if recorded else 'already recorded'} in {where}")


def _keep(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / path.name
    if not (kept.exists() and kept.samefile(path)):
        shutil.copyfile(path, kept)
    print(f"kept as {kept}; with {WEIGHTS_MIRROR}={folder} it is not downloaded again")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./pants lock-weights", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument(
        "address", help="target of the weights, such as 3rdparty/models:siammask_davis"
    )
    parser.add_argument("--file", type=Path, help="local copy to use instead of downloading")
    parser.add_argument("--keep", type=Path, help="folder to keep the downloaded file in")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
