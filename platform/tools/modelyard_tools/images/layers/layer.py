"""Writes a tree as a layer: a reproducible tar with its digests.

An engine on this machine loads it uncompressed; for registries and archives it is compressed.
"""

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Final

import msgspec

from modelyard_contract.limits import MIB
from modelyard_tools.images.compressed import Compressed
from modelyard_tools.images.layers.tree import Tree

PLAIN: Final = "application/vnd.oci.image.layer.v1.tar"
COMPRESSED: Final = f"{PLAIN}+gzip"


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer's description in an image: `digest` is of its bytes, `diff_id` of the tar in it.

    `size` is its size in bytes, `files_size` that of the files in it.
    """

    name: str
    digest: str
    diff_id: str
    size: int
    files_size: int
    media_type: str


def write_layer(name: str, tree: Tree, out: Path) -> Layer:
    """Write `tree` to `out/blobs/sha256/<digest>` and its description to `out/<name>.json`."""
    with _Blob(out) as blob:
        files_size = _write_tar(tree, blob)
    layer = Layer(
        name=name,
        digest=blob.digest,
        diff_id=blob.digest,
        size=blob.size,
        files_size=files_size,
        media_type=PLAIN,
    )
    return _described(out, layer)


def compress_layer(layer: Layer, plain: Path, out: Path) -> Layer:
    """Write a layer compressed, as registries name it, like `write_layer`."""
    with plain.open("rb") as file, _Blob(out) as blob:
        compressed = Compressed(blob)
        while chunk := file.read(MIB):
            compressed.write(chunk)
        compressed.finish()
    changed = {"digest": blob.digest, "size": blob.size, "media_type": COMPRESSED}
    return _described(out, msgspec.structs.replace(layer, **changed))


def _described(out: Path, layer: Layer) -> Layer:
    (out / f"{layer.name}.json").write_bytes(msgspec.json.encode(layer))
    return layer


def _write_tar(tree: Tree, to: "_Blob") -> int:
    """Write the tar; return the size of all files in bytes."""
    total = 0
    # The format is set because Python's default has changed before. PAX supports any name.
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT, bufsize=MIB) as tar:
        for path, node in tree:
            info = tarfile.TarInfo(path)
            info.mode = node.mode
            if node.target is not None:
                info.type, info.linkname = tarfile.SYMTYPE, node.target
                tar.addfile(info)
            elif node.read is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                content = node.read()
                info.size = len(content)
                total += info.size
                tar.addfile(info, io.BytesIO(content))
    return total


class _Blob(io.RawIOBase):
    """A blob of a layout, named by its digest once it is complete."""

    def __init__(self, out: Path) -> None:
        self._folder = out / "blobs" / "sha256"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = (self._folder / ".partial").open("wb")
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self._sha256.update(chunk)
        self.size += len(chunk)
        return self._file.write(chunk)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
            os.replace(self._file.name, self._folder / self._sha256.hexdigest())
        super().close()
