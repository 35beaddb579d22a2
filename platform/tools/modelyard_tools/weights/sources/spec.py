"""What to fetch: the JSON file that describes one pinned download."""

import posixpath
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Self
from urllib.parse import unquote, urlsplit

import msgspec

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.sources.digest import Digest

_NPM: Final = re.compile(
    r"npm:(?P<name>(?:@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*)"
    r"@(?P<version>\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)",
    re.ASCII,
)
_PYPI: Final = re.compile(
    r"pypi:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>\d[\w.!+]*)", re.ASCII
)
_URL_SCHEMES: Final = frozenset({"http", "https", "file"})

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]


class UrlSource(msgspec.Struct, frozen=True):
    """A file at an http, https or file URL."""

    url: str

    @property
    def file_name(self) -> str:
        """Return the fragment, which is not sent, or otherwise the last part of the URL's path.

        File stores such as Google Drive have URLs without the file's name.
        """
        parts = urlsplit(self.url)
        return PurePosixPath(unquote(parts.fragment or parts.path)).name

    def __str__(self) -> str:
        """Return the URL without user, password, query and fragment, safe to show."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=host, query="", fragment="").geturl()


class NpmSource(msgspec.Struct, frozen=True):
    """The tarball of one version of an npm package."""

    name: str
    version: str

    @property
    def file_name(self) -> str:
        """Return the name that `npm pack` gives the tarball."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    def __str__(self) -> str:
        return f"npm:{self.name}@{self.version}"


class PypiSource(msgspec.Struct, frozen=True):
    """The file of one version of a Python package that has the pinned digest."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"pypi:{self.name}=={self.version}"


Source = UrlSource | NpmSource | PypiSource


def parse_source(text: str) -> Source:
    """Read "https://…", "npm:<package>@<version>" or "pypi:<package>==<version>".

    Raises:
        ValueError: it is anything else, such as another scheme, a version range or a tag.
    """
    if match := _NPM.fullmatch(text):
        return NpmSource(**match.groupdict())
    if match := _PYPI.fullmatch(text):
        return PypiSource(**match.groupdict())
    parts = urlsplit(text)
    local = parts.scheme == "file" and parts.netloc in {"", "localhost"}
    remote = parts.scheme in _URL_SCHEMES - {"file"} and parts.hostname
    if (local or remote) and UrlSource(text).file_name not in {"", ".."}:
        return UrlSource(text)
    raise ValueError(
        f"{text!r} is not a source; use an http, https or file URL of a file, "
        "npm:<package>@<version> or pypi:<package>==<version>"
    )


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pinned file.

    Attributes:
        name: Used in messages.
        source: Where the author publishes it (`parse_source`).
        mirrors: Further sources of the same bytes, tried in order after `source`.
        digest: Digest of the file, as `Digest.parse` reads it. None if its publisher does not
            state one and it has not been recorded yet: such a file is not fetched.
        size: Length of the file in bytes; 0 if unknown, like the digest.
        members: Path in the archive -> name in the output folder. None if the file itself is
            wanted, under the name at the end of the URL.
    """

    name: Name
    source: str
    digest: str | None
    size: Annotated[int, msgspec.Meta(ge=0)]
    mirrors: tuple[str, ...] = ()
    members: Annotated[dict[str, str], msgspec.Meta(min_length=1)] | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check a spec file.

        Raises:
            WeightsError: it cannot be read or is not valid; the text names the field.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except OSError as error:
            raise WeightsError(f"cannot read the spec {path}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise WeightsError(f"the spec {path} is not valid: {error}") from error

    def __post_init__(self) -> None:
        """Check what the field types do not; msgspec adds the location to the message."""
        sources = self.sources
        if self.digest is not None:
            Digest.parse(self.digest)
            if not self.size:
                raise ValueError("a file with a digest needs its `size` in bytes too")
        if self.members is None and not isinstance(sources[0], UrlSource):
            raise ValueError(f"{sources[0]} is an archive: name the wanted files in `members`")
        for path in self.members or ():
            _check_relative(path)
        for name in (self.members or {}).values():
            _check_relative(name)
        if self.members and len(set(self.members.values())) != len(self.members):
            raise ValueError("two members have the same output name")

    @property
    def pinned(self) -> Digest:
        """Return the digest that the file must have.

        Raises:
            WeightsError: no digest is pinned.
        """
        if self.digest is None:
            raise WeightsError(
                f"{self.name}: no digest is pinned, since its publisher states none; if you "
                f"trust {self.sources[0]}, record it: ./pants lock-weights "
                f"3rdparty/models:{self.name}"
            )
        return Digest.parse(self.digest)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return all sources, in the order in which to try them."""
        return tuple(parse_source(text) for text in (self.source, *self.mirrors))


def _check_relative(path: str) -> None:
    leads_out = path.startswith(("/", "../")) or path in {"", ".", ".."}
    if leads_out or posixpath.normpath(path) != path or "\\" in path or "\0" in path:
        raise ValueError(f"{path!r} is not a plain relative path")
