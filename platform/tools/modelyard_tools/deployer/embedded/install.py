"""Installing releases into the platform's home, and removing old ones."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from modelyard_contract.release import ASSETS, CONFIG, MANIFEST, SOURCES
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.embedded.environments import is_complete, make_environment
from modelyard_tools.home.folders import Home
from modelyard_tools.releases.manifest import ManifestError, Parts, read_manifest

# What Pex adds to a folder to make it executable.
_PEX_OWN: Final = frozenset({".bootstrap", "PEX-INFO", "__main__.py", "__pex__"})


def has_dependencies(home: Home, release: BuiltRelease) -> bool:
    """Whether the environment of the release's dependencies exists."""
    return is_complete(home.deps / release.manifest.parts.deps)


def install_dependencies(home: Home, release: BuiltRelease) -> None:
    """Create the environment of the release's dependencies; releases with the same ones share it.

    Raises:
        DeployError: it cannot be created.
    """
    make_environment(release.deps, home.deps / release.manifest.parts.deps)


def install_release(home: Home, release: BuiltRelease) -> None:
    """Install the release's own files into the home, if they are missing.

    Raises:
        DeployError: a file is missing or wrong, or the home is not writable.
    """
    folder = home.releases / release.manifest.digest
    if folder.exists():
        return
    same_assets = _assets_of_another(home, release.manifest.parts)
    try:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=home.releases) as scratch:
            made = Path(scratch) / "release"
            _copy(release.folder / SOURCES, made / "srcs", leave=_PEX_OWN)
            _copy(release.folder / ASSETS, made / ASSETS, same_assets)
            for name in (CONFIG, MANIFEST):
                shutil.copyfile(release.folder / name, made / name)
            made.rename(folder)
    except OSError as error:
        raise DeployError(f"cannot install {release.manifest.name}: {error}") from None


def parts_of(home: Home, digest: str | None) -> Parts | None:
    """Return the parts of an installed release; None if it is not installed."""
    if digest is None:
        return None
    try:
        return read_manifest(home.releases / digest / MANIFEST).parts
    except ManifestError:
        return None


def clean(home: Home, keep: Collection[str], platform: str) -> None:
    """Remove releases except those with digests in `keep`, and what only removed ones needed.

    Of the platform's own environments, the one with the digest `platform` stays.
    """
    for folder in _others(home.releases, keep):
        shutil.rmtree(folder)
    parts = [parts_of(home, digest) for digest in keep]
    deps = {part.deps for part in parts if part}
    assets = {part.assets for part in parts if part}
    unused = (
        *_others(home.deps, deps),
        *_others(home.compiled, assets),
        *_others(home.platforms, {platform}),
    )
    for folder in unused:
        shutil.rmtree(folder)


def _others(folder: Path, keep: Collection[str]) -> Iterator[Path]:
    return (entry for entry in folder.iterdir() if entry.name not in keep)


def _copy(
    source: Path, target: Path, same: Path | None = None, leave: Collection[str] = ()
) -> None:
    """Copy a tree without the top-level entries named in `leave`.

    Files that `same` also has are hard-linked from there, since weights are large.
    """
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name in leave:
            continue
        twin = same / entry.name if same else None
        if entry.is_dir():
            _copy(entry, target / entry.name, twin)
            continue
        if twin is not None:
            with contextlib.suppress(OSError):
                os.link(twin, target / entry.name)
                continue
        shutil.copyfile(entry, target / entry.name)


def _assets_of_another(home: Home, parts: Parts) -> Path | None:
    """Return the assets folder of an installed release with the same assets."""
    for folder in home.releases.iterdir():
        other = parts_of(home, folder.name)
        if other and other.assets == parts.assets:
            return folder / ASSETS
    return None
