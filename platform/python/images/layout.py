"""An image in a folder, as the OCI image layout has it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from images.errors import ImageToolError

_REFERENCE = "org.opencontainers.image.ref.name"


class Blob(msgspec.Struct, frozen=True):
    """A file of the layout; `digest` is written `sha256:<hex>`."""

    digest: str
    path: Path


class Layout(msgspec.Struct, frozen=True):
    """An image: its name with a tag, its configuration, and its layers with their diff ids."""

    folder: Path
    reference: str
    manifest: Blob
    config: Blob
    layers: tuple[Blob, ...]
    diff_ids: tuple[str, ...]
    labels: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> "Layout":
        """Read the one image of a layout.

        Raises:
            ImageToolError: there is none.
        """
        try:
            described = _json(folder / "index.json")["manifests"][0]
            manifest = _blob(folder, described)
            parsed = _json(manifest.path)
            config = _blob(folder, parsed["config"])
            settings = _json(config.path)
            return cls(
                folder=folder,
                reference=described.get("annotations", {}).get(_REFERENCE, ""),
                manifest=manifest,
                config=config,
                layers=tuple(_blob(folder, layer) for layer in parsed["layers"]),
                diff_ids=tuple(settings["rootfs"]["diff_ids"]),
                labels=settings["config"].get("Labels") or {},
            )
        except (OSError, LookupError, msgspec.DecodeError) as error:
            raise ImageToolError(f"{folder} holds no image: {error}") from None

    def chains(self) -> Iterator[tuple[str, ...]]:
        """Give the diff ids up to and with each layer, the lowest first."""
        for count in range(1, len(self.diff_ids) + 1):
            yield self.diff_ids[:count]


def _json(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def _blob(folder: Path, described: Any) -> Blob:
    digest = str(described["digest"])
    return Blob(digest, folder / "blobs" / digest.replace(":", "/"))
