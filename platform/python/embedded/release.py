"""Releases as they lie in the home, and how to start workers from one."""

import os
from pathlib import Path
from typing import Final

import msgspec

from embedded.config import FunctionConfig
from embedded.home import Home
from embedded.manifest import Manifest, ManifestError, read_manifest
from serving.pool import WorkerSpec

# What a worker takes over from the platform's environment. All else, tokens
# included, stays out of reach of a model's code.
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class ReleaseError(Exception):
    """The release is not usable; the text is one line that says what to do."""


class Release(msgspec.Struct, frozen=True):
    """One release in the home: `folder` holds manifest.json, srcs/ and assets/."""

    folder: Path
    python: Path
    manifest: Manifest


def find_release(home: Home, config: FunctionConfig) -> Release:
    """Return the release that the configuration's image names.

    Raises:
        ReleaseError: it is not in the home, or not complete.
    """
    if config.digest is None:
        raise ReleaseError(
            f"image {config.image!r} cannot run here: the embedded platform runs "
            "releases put in place by the deployer (modelyard/<name>:<digest>)"
        )
    folder = home.releases / config.digest
    if not folder.is_dir():
        raise ReleaseError(f"image {config.image} is not on this machine; deploy it again")
    try:
        manifest = read_manifest(folder / "manifest.json")
    except ManifestError as error:
        raise ReleaseError(str(error)) from None
    python = home.deps / manifest.parts.deps / "bin" / "python"
    if not python.exists():
        raise ReleaseError(f"{python} is gone; deploy {config.name} again")
    return Release(folder, python, manifest)


def worker_spec(home: Home, config: FunctionConfig, release: Release) -> WorkerSpec:
    """Say how to start the workers that serve `release` under `config`."""
    return WorkerSpec(
        python=release.python,
        env=_environment(config, release),
        cwd=release.folder,
        log=home.function_log(config.name),
        workers=config.workers,
        availability_timeout=config.availability_timeout,
        event_timeout=config.event_timeout,
        ready_timeout=config.ready_timeout,
    )


def _environment(config: FunctionConfig, release: Release) -> dict[str, str]:
    threads = str(max(1, len(os.sched_getaffinity(0)) // config.workers))
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    defaults = {
        "MODELYARD_DEVICE": "cuda" if release.manifest.gpus else "cpu",
        "MODELYARD_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        # OpenVINO sends no telemetry where this is set.
        "CI": "true",
    }
    ours = {
        "MODELYARD_ASSETS": str(release.folder / "assets"),
        "NUCLIO_HANDLER": config.handler,
        "NUCLIO_FUNCTION_NAME": config.name,
        "NUCLIO_FUNCTION_HANDLER": config.handler,
        "PYTHONPATH": str(release.folder / "srcs"),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return inherited | defaults | config.env | ours
