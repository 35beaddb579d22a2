"""An image in a folder, in the OCI image layout."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from modelyard_tools.images.errors import ImageToolError

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

        Its layers may be stored separately: the folder then contains `described`, a layout without
        them, and `layers`, with a folder for each.

        Raises:
            ImageToolError: there is no image.
        """
        apart = {file.name: file for file in folder.glob("layers/*/blobs/sha256/*")}
        folder = folder / "described" if apart else folder
        try:
            index = _json(folder / "index.json")  # contract: INDEX is that of a build
            described = index["manifests"][0]
            manifest = _blob(folder, described)
            parsed = _json(manifest.path)
            config = _blob(folder, parsed["config"])
            settings = _json(config.path)
            blobs = (_blob(folder, layer) for layer in parsed["layers"])
            return cls(
                folder=folder,
                reference=described.get("annotations", {}).get(_REFERENCE, ""),
                manifest=manifest,
                config=config,
                layers=tuple(Blob(it.digest, apart.get(it.path.name, it.path)) for it in blobs),
                diff_ids=tuple(settings["rootfs"]["diff_ids"]),
                labels=settings["config"].get("Labels") or {},
            )
        except (OSError, LookupError, msgspec.DecodeError) as error:
            raise ImageToolError(f"{folder} does not contain an image: {error}") from None

    def chains(self) -> Iterator[tuple[str, ...]]:
        """Yield the diff ids up to and including each layer, lowest first."""
        for count in range(1, len(self.diff_ids) + 1):
            yield self.diff_ids[:count]


def blob_in(folder: Path, digest: str) -> Path:
    """Return the path of the blob with this digest in the layout `folder`."""
    return folder / "blobs" / digest.replace(":", "/")


def _json(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def _blob(folder: Path, described: Any) -> Blob:
    digest = str(described["digest"])
    return Blob(digest, blob_in(folder, digest))
