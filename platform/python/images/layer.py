"""A tree written as a layer: a tar that the same tree always gives, compressed, with its digests.

The layer is a gzip of several members, so that all cores compress; what unpacks layers reads on
after the first member, as RFC 1952 asks.
"""

import gzip
import hashlib
import io
import os
import tarfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from images.tree import Tree

MEDIA_TYPE: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_CHUNK: Final = 4 * 1024 * 1024
# A third of the time of level 6 for an eighth more bytes; the better part of large packages is code
# of machines, which no level makes much smaller.
_LEVEL: Final = 1


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """What an image says of a layer. `digest` is of the compressed bytes, `diff_id` of the tar.

    `size` is the compressed size in bytes, `files_size` that of the files in it.
    """

    name: str
    digest: str
    diff_id: str
    size: int
    files_size: int
    media_type: str = MEDIA_TYPE


def write_layer(name: str, tree: Tree, out: Path) -> Layer:
    """Write `tree` to `out/blobs/sha256/<digest>` and what it is to `out/<name>.json`."""
    blobs = out / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    partial = blobs / ".partial"
    with partial.open("wb") as file:
        compressed = _Compressed(file)
        files_size = _write_tar(tree, compressed)
        compressed.finish()
    layer = Layer(
        name=name,
        digest=f"sha256:{compressed.digest.hexdigest()}",
        diff_id=f"sha256:{compressed.diff_id.hexdigest()}",
        size=partial.stat().st_size,
        files_size=files_size,
    )
    partial.rename(blobs / compressed.digest.hexdigest())
    (out / f"{name}.json").write_bytes(msgspec.json.encode(layer))
    return layer


def _write_tar(tree: Tree, to: "_Compressed") -> int:
    """Return the size of all files, in bytes."""
    total = 0
    # The format is named because Python's default has changed before. PAX carries any name.
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT) as tar:
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


class _Compressed(io.RawIOBase):
    """Takes a tar, writes it compressed, and digests both."""

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self.diff_id = hashlib.sha256()
        self._file = file
        self._buffer = bytearray()
        self._cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._cores)
        self._pending: deque[Future[bytes]] = deque()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self.diff_id.update(chunk)
        self._buffer += chunk
        while len(self._buffer) >= _CHUNK:
            self._submit(bytes(self._buffer[:_CHUNK]))
            del self._buffer[:_CHUNK]
        return len(chunk)

    def finish(self) -> None:
        """Write what is still to be compressed. Only then are the digests right."""
        self._submit(bytes(self._buffer))
        for done in self._drain(0):
            self._put(done)
        self._pool.shutdown()

    def _submit(self, chunk: bytes) -> None:
        self._pending.append(self._pool.submit(_member, chunk))
        # Chunks come faster than they are compressed, and must not pile up.
        for done in self._drain(2 * self._cores):
            self._put(done)

    def _drain(self, keep: int) -> Iterator[bytes]:
        while len(self._pending) > keep:
            yield self._pending.popleft().result()

    def _put(self, member: bytes) -> None:
        self.digest.update(member)
        self._file.write(member)


def _member(chunk: bytes) -> bytes:
    return gzip.compress(chunk, _LEVEL, mtime=0)
