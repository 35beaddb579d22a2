"""Extracts named members of an archive, and nothing else."""

import gzip
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from modelyard_contract.limits import GIB, MIB
from modelyard_tools.weights.errors import WeightsError

_LARGEST: Final = 4 * GIB
_ZIP_MAGIC: Final = b"PK\x03\x04"
_ENCRYPTED: Final = 0x1
_DAMAGED: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    NotImplementedError,
)


def extract(archive: Path, members: Mapping[str, str], out: Path, largest: int = _LARGEST) -> None:
    """Write each member (path in the archive -> relative path in `out`) of an archive.

    Supports zip archives (wheels too) and tar archives, plain or compressed with gzip, bzip2 or xz.
    Only the named plain files are extracted, under the names that the caller chose; either all of
    them appear in `out` or none. `largest` limits the unpacked size in bytes.

    Raises:
        WeightsError: a member is missing, or is a link or another special file; more than
            `largest` bytes would be unpacked; the archive is damaged or of another kind.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".unpacking-") as name:
        folder = Path(name)
        unpack = _unpack_zip if _is_zip(archive) else _unpack_tar
        try:
            found = unpack(archive, members, folder, largest)
        except _DAMAGED as error:
            reason = str(error).partition("\n")[0]
            raise WeightsError(f"the archive is damaged or of unknown kind: {reason}") from error
        if missing := sorted(set(members) - found):
            raise WeightsError(f"the archive does not contain {', '.join(missing)}")
        for relative in members.values():
            (out / relative).parent.mkdir(parents=True, exist_ok=True)
            (folder / relative).replace(out / relative)


def _is_zip(archive: Path) -> bool:
    # zipfile.is_zipfile looks at the end and also takes a tar whose last member is a zip.
    with archive.open("rb") as file:
        return file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC


def _unpack_zip(archive: Path, members: Mapping[str, str], folder: Path, largest: int) -> set[str]:
    found: set[str] = set()
    with zipfile.ZipFile(archive) as bundle:
        for entry in bundle.infolist():
            path = entry.filename
            if path not in members or path in found:
                continue
            # Zip archives made on other systems than Unix carry no file type.
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.is_dir() or kind not in {0, stat.S_IFREG} or entry.flag_bits & _ENCRYPTED:
                raise WeightsError(f"{path} in the archive is not a plain file")
            largest = _spend(largest, entry.file_size)
            with bundle.open(entry) as content:
                _write(content, folder / members[path])
            found.add(path)
    return found


def _unpack_tar(archive: Path, members: Mapping[str, str], folder: Path, largest: int) -> set[str]:
    found: set[str] = set()
    with tarfile.open(archive) as bundle:
        for entry in bundle:
            path = entry.name.removeprefix("./")
            # Skipping an entry decompresses it too, so all of them count.
            largest = _spend(largest, entry.size)
            if path not in members or path in found:
                continue
            content = bundle.extractfile(entry) if entry.isreg() else None
            if content is None:
                raise WeightsError(f"{path} in the archive is not a plain file")
            with content:
                _write(content, folder / members[path])
            found.add(path)
            if len(found) == len(members):
                break
    return found


def _spend(left: int, size: int) -> int:
    if size > left:
        raise WeightsError("the archive is larger than may be unpacked")
    return left - size


def _write(content: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, MIB)
