"""Regenerates the lock of the base image from what apt on this machine has verified.

    ./pants run platform/tools/modelyard_tools/images/layers:lock

Needs a machine (or a container) with the lock's release of Debian.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers.debian import Lock, locked


def main(path: Path) -> int:
    """Lock the packages of the lock at `path` again, in their current versions."""
    try:
        old = Lock.read(path)
        names = [package.name for package in old.packages]
        _require_suite(old.suite)
        new = locked(names, old.suite, old.architecture, _records(names, old.architecture))
    except (OSError, ImageToolError, subprocess.CalledProcessError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    path.write_bytes(msgspec.json.format(msgspec.json.encode(new), indent=1) + b"\n")
    before = {package.name: package.version for package in old.packages}
    for package in new.packages:
        if before[package.name] != package.version:
            print(f"{package.name}: {before[package.name]} -> {package.version}")
    return 0


def _require_suite(suite: str) -> None:
    release = Path("/etc/os-release").read_text()
    if f"VERSION_CODENAME={suite}\n" not in release:
        raise ImageToolError(
            f"apt on this machine is not of Debian {suite}; run this on such a machine"
        )


def _records(names: list[str], architecture: str) -> str:
    command = ["apt-cache", "show", "--no-all-versions", *(f"{n}:{architecture}" for n in names)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Lock the base image's packages again.")
    parser.add_argument("lock", type=Path, help="lock file, such as platform/images/*.json")
    sys.exit(main(parser.parse_args().lock))
