"""What is known about a function: its release, as `./pants package functions::` wrote it."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import yaml

from modelyard_contract.release import ASSETS, CONFIG, MANIFEST, WEIGHTS, Manifest

# The variant that is described.
_VARIANT: Final = "cpu"
# Text files beside the weights do not count as weights.
_TEXTS: Final = frozenset({"LICENSE", ".md", ".txt"})


class CatalogueError(Exception):
    """The catalogue cannot be written; the text says what to do."""


class Entry(msgspec.Struct, frozen=True):
    """A function on the page.

    `weights` is their size in bytes as deployed, None if they are not available; `licence` is that
    of the weights, stated at `licence_stated_at`; `code_licence` is that of their author's code,
    empty if it is the same; `address` is the target's, such as `functions/openvino/sam`; `port` is
    where the deployed function listens; `variants` are its builds, the described one first.
    """

    name: str
    display_name: str
    description: str
    type: str
    address: str
    licence: str
    licence_stated_at: tuple[str, ...]
    code_licence: str
    origin: str
    port: int
    labels: tuple[str, ...]
    weights: int | None
    variants: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The folder of its BUILD file, from the root of the repository."""
        return self.address.partition(":")[0]


def read_entries(dist: Path, repository: Path) -> list[Entry]:
    """Return the functions packaged into `dist`, by name; one entry for all variants.

    Releases of functions that are no longer in `repository` are skipped.

    Raises:
        CatalogueError: there are none, or a file is not what `package` writes.
    """
    entries = [entry for entry in _entries(dist) if (repository / entry.folder).is_dir()]
    if not entries:
        raise CatalogueError(f"{dist} contains no releases; run `./pants package functions::`")
    return sorted(entries, key=lambda entry: entry.name)


def _entries(dist: Path) -> Iterator[Entry]:
    described: dict[str, tuple[Manifest, Path]] = {}
    variants: dict[str, set[str]] = defaultdict(set)
    for path in dist.glob(f"*/*/{MANIFEST}"):
        try:
            manifest: Manifest = json.loads(path.read_bytes())
            target, _, variant = manifest["address"].partition("#")
        except (OSError, ValueError, KeyError) as error:
            raise CatalogueError(f"{path.parent} is not a release: {error!r}") from None
        variants[target].add(variant)
        if variant == _VARIANT:
            described[target] = manifest, path.parent
    for target, (manifest, folder) in described.items():
        others = sorted(variants[target] - {_VARIANT})
        try:
            yield _entry(manifest, folder, (_VARIANT, *others))
        except (OSError, ValueError, KeyError) as error:
            raise CatalogueError(f"{folder} is not a release: {error!r}") from None


def _entry(manifest: Manifest, folder: Path, variants: tuple[str, ...]) -> Entry:
    spec = yaml.safe_load((folder / CONFIG).read_bytes())
    labels = json.loads(spec["metadata"]["annotations"].get("spec") or "[]")
    return Entry(
        name=manifest["name"],
        display_name=manifest["display_name"],
        description=manifest["description"],
        type=manifest["type"],
        address=manifest["address"].partition("#")[0],
        licence=manifest["licence"],
        licence_stated_at=tuple(manifest["licence_stated_at"]),
        code_licence=manifest["code_licence"],
        origin=manifest["origin"],
        port=manifest["port"],
        labels=tuple(label["name"] for label in labels),
        weights=None if manifest["blocked"] else _size(folder / ASSETS / WEIGHTS),
        variants=variants,
    )


def _size(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(
        path.stat().st_size for path in files if not {path.name, path.suffix.lower()} & _TEXTS
    )
