"""Fetches and unpacks Debian packages by digest.

Nothing in them is run: an image needs their files, not their installation. So building one needs
neither root nor chroot nor Debian, and the same packages always give the same files.
"""

import hashlib
import io
import os
import re
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from modelyard_contract.variables import DEBIAN_MIRRORS
from modelyard_tools.images.errors import ImageToolError

_SOURCES: Final = Path("/etc/apt")
_TIMEOUT: Final = 60.0
_AR_MAGIC: Final = b"!<arch>\n"
_AR_HEADER: Final = 60


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A pinned package; `file` is its path in the archive, `size` its bytes."""

    name: str
    version: str
    file: str
    sha256: str
    size: int


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of a base image, of one release of Debian and one architecture."""

    suite: str
    architecture: str
    packages: tuple[Package, ...]

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """Read a lock.

        Raises:
            ImageToolError: it cannot be read, or is not a lock.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as error:
            raise ImageToolError(f"{path}: {error}; regenerate it") from None


class Deb(msgspec.Struct, frozen=True):
    """An unpacked package: its control file, and its files as a tar."""

    control: bytes
    files: tarfile.TarFile


def obtain(package: Package, cache: Path) -> bytes:
    """Return the bytes of a package, from `cache` or from the first archive that has them.

    Raises:
        ImageToolError: no archive has it with this digest.
    """
    kept = cache / package.sha256
    if kept.is_file():
        content = kept.read_bytes()
        if hashlib.sha256(content).hexdigest() == package.sha256:
            return content
    content = _download(package)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
        file.write(content)
    Path(file.name).rename(kept)
    return content


def _download(package: Package) -> bytes:
    archives = mirrors()
    if not archives:
        raise ImageToolError(
            f"no known Debian archive to fetch {package.name} from; name one in {DEBIAN_MIRRORS}"
        )
    failures = []
    for archive in archives:
        url = f"{archive}/{urllib.parse.quote(package.file)}"
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as reply:  # noqa: S310
                content = reply.read()
        except (OSError, urllib.error.URLError) as error:
            failures.append(f"{archive}: {getattr(error, 'reason', error)}")
            continue
        if hashlib.sha256(content).hexdigest() == package.sha256:
            return bytes(content)
        failures.append(f"{archive}: wrong digest")
    raise ImageToolError(
        f"cannot download {package.name} {package.version} ({'; '.join(failures)}); name an "
        f"archive that still has it, such as a snapshot, in {DEBIAN_MIRRORS}, or run "
        "`./pants run platform/tools/modelyard_tools/images/layers:lock`"
    )


def mirrors() -> list[str]:
    """Return the URLs of Debian archives, starting with those that the user names."""
    named = os.environ.get(DEBIAN_MIRRORS, "").split()
    return [url.rstrip("/") for url in dict.fromkeys((*named, *_machine_archives()))]


def _machine_archives() -> Iterator[str]:
    """Yield the Debian archives that apt on this machine uses."""
    for path in sorted((*_SOURCES.glob("sources.list"), *_SOURCES.glob("sources.list.d/*"))):
        text = "\n".join(
            line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")
        )
        for url in re.findall(r"https?://[^\s\]]+", text):
            # Archives of vendors do not have Debian's packages.
            if re.search(r"/debian(-security)?/?$", url):
                yield url


def unpack(content: bytes, name: str) -> Deb:
    """Open a .deb.

    Raises:
        ImageToolError: it is not one, or Python does not support its compression.
    """
    members = dict(_ar_members(content, name))
    tars = {member.partition(".")[0]: data for member, data in members.items() if ".tar" in member}
    try:
        control = tarfile.open(fileobj=io.BytesIO(tars["control"]))  # noqa: SIM115 - of bytes
        files = tarfile.open(fileobj=io.BytesIO(tars["data"]))  # noqa: SIM115 - of bytes
        description = control.extractfile("./control")
    except (KeyError, tarfile.TarError) as error:
        raise ImageToolError(f"{name}: cannot be unpacked: {error}") from None
    return Deb(description.read() if description else b"", files)


def _ar_members(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(_AR_MAGIC):
        raise ImageToolError(f"{name}: not a Debian package")
    at = len(_AR_MAGIC)
    while at + _AR_HEADER <= len(content):
        header = content[at : at + _AR_HEADER]
        size = int(header[48:58])
        at += _AR_HEADER
        yield header[:16].decode().strip().rstrip("/"), content[at : at + size]
        at += size + size % 2


def reading(files: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """Return the bytes of a regular file in a package."""
    file = files.extractfile(member)
    return file.read() if file else b""


def locked(names: Sequence[str], suite: str, architecture: str, records: str) -> Lock:
    """Make a lock from what `apt-cache show --no-all-versions` prints for the packages `names`.

    Raises:
        ImageToolError: a package is missing.
    """
    found = {}
    for record in records.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.*)$", record, re.MULTILINE))
        if "Filename" in fields:
            found[fields["Package"]] = Package(
                name=fields["Package"],
                version=fields["Version"],
                file=fields["Filename"],
                sha256=fields["SHA256"],
                size=int(fields["Size"]),
            )
    missing = sorted(set(names) - set(found))
    if missing:
        raise ImageToolError(f"apt does not know {', '.join(missing)}; run `apt-get update`")
    return Lock(
        suite=suite,
        architecture=architecture,
        packages=tuple(found[name] for name in sorted(names)),
    )
