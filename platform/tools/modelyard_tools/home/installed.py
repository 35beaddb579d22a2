"""Releases installed in the home, and how to start workers from one."""

import math
import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from modelyard.inference.threads import available_cores, thread_env, threads_per_worker
from modelyard.serving.server.spec import WorkerSpec
from modelyard_contract import variables
from modelyard_contract.release import ASSETS, MANIFEST
from modelyard_tools.home.folders import Home
from modelyard_tools.releases.config import FunctionConfig
from modelyard_tools.releases.manifest import Manifest, ManifestError, read_manifest

# Variables that a worker inherits from the platform's environment. Everything
# else, tokens included, is kept from a model's code.
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class ReleaseError(Exception):
    """The release is not usable; the text is one line that says what to do."""


class Release(msgspec.Struct, frozen=True):
    """One release in the home: `folder` holds manifest.json, srcs/ and assets/."""

    folder: Path
    python: Path
    manifest: Manifest


def find_release(home: Home, config: FunctionConfig) -> Release:
    """Return the release named by the configuration's image.

    Raises:
        ReleaseError: it is not in the home, or not complete.
    """
    if config.digest is None:
        raise ReleaseError(
            f"image {config.image!r} cannot run here: the embedded platform runs "
            "releases installed by the deployer (modelyard/<name>:<digest>)"
        )
    folder = home.releases / config.digest
    if not folder.is_dir():
        raise ReleaseError(f"image {config.image} is not on this machine; deploy it again")
    try:
        manifest = read_manifest(folder / MANIFEST)
    except ManifestError as error:
        raise ReleaseError(str(error)) from None
    python = home.deps / manifest.parts.deps / "bin" / "python"
    if not python.exists():
        raise ReleaseError(f"{python} is gone; deploy {config.name} again")
    return Release(folder, python, manifest)


def known_manifest(home: Home, digest: str | None) -> Manifest | None:
    """Return the manifest of an installed release; None if it is missing or damaged."""
    return _known_manifest(home.releases / digest / MANIFEST) if digest else None


# A file that is named by its digest does not change.
@lru_cache(maxsize=256)
def _known_manifest(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except ManifestError:
        return None


def worker_spec(
    home: Home,
    config: FunctionConfig,
    release: Release,
    *,
    confine: Callable[[int], None] | None = None,
    gpus: Sequence[str] = (),
) -> WorkerSpec:
    """Return how to start the workers that serve `release` under `config`.

    `confine` applies limits to each of their processes; they see only the GPUs with
    the ids `gpus`.
    """
    return WorkerSpec(
        python=release.python,
        env=_environment(home, config, release, gpus),
        cwd=release.folder,
        log=home.function_log(config.name),
        workers=config.workers,
        availability_timeout=config.availability_timeout,
        event_timeout=config.event_timeout,
        ready_timeout=config.ready_timeout,
        confine=confine,
    )


def _environment(
    home: Home, config: FunctionConfig, release: Release, gpus: Sequence[str]
) -> dict[str, str]:
    cores = available_cores()
    if config.limits.cpus is not None:
        cores = min(cores, math.ceil(config.limits.cpus))
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    defaults = {
        variables.DEVICE: "cuda" if release.manifest.gpus else "cpu",
        **thread_env(threads_per_worker(config.workers, cores)),
        # Disables OpenVINO's telemetry.
        "CI": "true",
    }
    ours = {
        variables.ASSETS: str(release.folder / ASSETS),
        variables.MODEL_CACHE: str(home.compiled / release.manifest.parts.assets),
        variables.HANDLER: config.handler,
        variables.FUNCTION_NAME: config.name,
        variables.FUNCTION_HANDLER: config.handler,
        "PYTHONPATH": str(release.folder / "srcs"),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        # By id, since CUDA may number GPUs in another order than NVML.
        **({"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}),
    }
    return inherited | defaults | config.env | ours
