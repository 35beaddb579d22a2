"""A tree written as a layer: a tar that the same tree always gives, with its digests.

An engine on this machine takes it as it is; for registries and archives it is compressed.
"""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from images.compressed import Compressed
from images.tree import Tree

PLAIN: Final = "application/vnd.oci.image.layer.v1.tar"
COMPRESSED: Final = f"{PLAIN}+gzip"
_CHUNK: Final = 1024 * 1024


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """What an image says of a layer: `digest` is of its bytes, `diff_id` of the tar in them.

    `size` is the number of its bytes, `files_size` that of the files in it.
    """

    name: str
    digest: str
    diff_id: str
    size: int
    files_size: int
    media_type: str


def write_layer(name: str, tree: Tree, out: Path) -> Layer:
    """Write `tree` to `out/blobs/sha256/<digest>` and what it is to `out/<name>.json`."""
    partial = _blobs(out) / ".partial"
    with partial.open("wb") as file:
        digested = _Digested(file)
        files_size = _write_tar(tree, digested)
    digest = digested.sha256.hexdigest()
    size = partial.stat().st_size
    partial.rename(partial.with_name(digest))
    diff_id = f"sha256:{digest}"
    return _described(
        out,
        Layer(
            name=name,
            digest=diff_id,
            diff_id=diff_id,
            size=size,
            files_size=files_size,
            media_type=PLAIN,
        ),
    )


def compress_layer(layer: Layer, blob: Path, out: Path) -> Layer:
    """Write the bytes of a layer as it is named by registries, like `write_layer`."""
    partial = _blobs(out) / ".partial"
    with partial.open("wb") as file, blob.open("rb") as plain:
        digested = _Digested(file)
        compressed = Compressed(digested)
        while chunk := plain.read(_CHUNK):
            compressed.write(chunk)
        compressed.finish()
    digest = digested.sha256.hexdigest()
    size = partial.stat().st_size
    partial.rename(partial.with_name(digest))
    return _described(
        out,
        msgspec.structs.replace(layer, digest=f"sha256:{digest}", size=size, media_type=COMPRESSED),
    )


def _blobs(out: Path) -> Path:
    blobs = out / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    return blobs


def _described(out: Path, layer: Layer) -> Layer:
    (out / f"{layer.name}.json").write_bytes(msgspec.json.encode(layer))
    return layer


def _write_tar(tree: Tree, to: "_Digested") -> int:
    """Return the size of all files, in bytes."""
    total = 0
    # The format is named because Python's default has changed before. PAX carries any name.
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as tar:
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


class _Digested(io.RawIOBase):
    """Writes to a file and digests what it writes."""

    def __init__(self, file: BinaryIO) -> None:
        self.sha256 = hashlib.sha256()
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self.sha256.update(chunk)
        return self._file.write(chunk)
