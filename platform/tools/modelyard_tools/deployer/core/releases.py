"""The releases that a build produced."""

from pathlib import Path

import msgspec

from modelyard_contract.release import INDEX, INDEX_SCHEMA
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.names import require
from modelyard_tools.releases.manifest import Manifest, ManifestError, read_manifest


class BuiltRelease(msgspec.Struct, frozen=True):
    """One release: `folder` holds manifest.json, function.yaml, srcs.pex/ and assets/.

    `deps` is the PEX of its dependencies, which it shares with other releases.
    """

    folder: Path
    deps: Path
    manifest: Manifest


class _Index(msgspec.Struct):
    schema: int
    releases: list[str]


def read_releases(root: Path) -> list[BuiltRelease]:
    """Return the releases that `root`/index.json lists, by name.

    Raises:
        DeployError: a file is missing or wrong, or two releases have the same name.
    """
    index = _read_index(root / INDEX)
    releases: dict[str, BuiltRelease] = {}
    for path in index.releases:
        release = _read_release(root, root / path)
        name = release.manifest.name
        if name in releases:
            raise DeployError(
                f"{release.folder} and {releases[name].folder} are both named {name}: "
                "one would replace the other; give one of them another function_name"
            )
        releases[name] = release
    return [releases[name] for name in sorted(releases)]


def only_release(root: Path, name: str = "") -> BuiltRelease:
    """Return the only release that `root`/index.json lists; it can run.

    Raises:
        DeployError: it does not list exactly one, or that one is blocked.
        UsageError: it is not called `name`, if that is given.
    """
    releases = read_releases(root)
    if len(releases) != 1:
        raise DeployError(f"one function can be served at a time; {len(releases)} were built")
    (release,) = releases
    if name:
        require(name, [release.manifest.name])
    if release.manifest.blocked:
        raise DeployError(f"{release.manifest.name} cannot run: {release.manifest.blocked}")
    return release


def _read_index(path: Path) -> _Index:
    try:
        index = msgspec.json.decode(path.read_bytes(), type=_Index)
    except OSError as error:
        raise DeployError(
            f"cannot read {path}: {error.strerror}; is {path.parent} the result of a build?"
        ) from None
    except msgspec.DecodeError as error:
        raise DeployError(f"{path} is not a list of releases: {error}") from None
    if index.schema != INDEX_SCHEMA:
        raise DeployError(f"{path} has schema {index.schema}; this deployer reads {INDEX_SCHEMA}")
    return index


def _read_release(root: Path, path: Path) -> BuiltRelease:
    try:
        manifest = read_manifest(path)
    except ManifestError as error:
        raise DeployError(str(error)) from None
    return BuiltRelease(path.parent, root / manifest.deps, manifest)
