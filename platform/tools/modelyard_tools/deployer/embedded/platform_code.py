"""Which code the platform should run, and how to start it."""

import hashlib
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from modelyard.serving import protocol, server
from modelyard_tools import console, embedded, files, http, releases
from modelyard_tools import home as home_files
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.embedded.environments import (
    clean_environment,
    is_complete,
    make_environment,
)
from modelyard_tools.home.folders import Home

_INFO: Final = "PEX-INFO"
# The platform's modules.
_PACKAGES: Final = (console, embedded, files, home_files, http, protocol, releases, server)


class PlatformCode(Protocol):
    """The platform's own code. Equal digests mean equal code."""

    @property
    def digest(self) -> str:
        """Digest of the code."""

    def is_installed(self, home: Home) -> bool:
        """Whether `install` has nothing to do."""

    def install(self, home: Home) -> None:
        """Put the code where it outlives this process and its files."""

    def python(self, home: Home) -> Path:
        """Return the interpreter to run `-m modelyard_tools.embedded` with."""

    def environment(self) -> Mapping[str, str]:
        """Return the environment to run it in."""


class PexCode:
    """The code in a PEX, a file or a packed folder."""

    def __init__(self, pex: Path) -> None:
        self._pex = pex
        # It contains the hashes of the code and of all distributions.
        self.digest = hashlib.sha256(_pex_info(pex)).hexdigest()

    def is_installed(self, home: Home) -> bool:
        """Whether the environment exists."""
        return is_complete(home.platforms / self.digest)

    def install(self, home: Home) -> None:
        """Create the environment in the home."""
        make_environment(self._pex, home.platforms / self.digest)

    def python(self, home: Home) -> Path:
        """Return the environment's interpreter."""
        return home.platforms / self.digest / "bin" / "python"

    def environment(self) -> Mapping[str, str]:
        """Return this process's environment, without Python's variables."""
        return clean_environment()


class CurrentCode:
    """The code that this process runs on: for development, and for tests."""

    def __init__(self) -> None:
        self.digest = _digest_of_sources(*(package.__path__[0] for package in _PACKAGES))

    def is_installed(self, home: Home) -> bool:
        """There is never anything to do."""
        return True

    def install(self, home: Home) -> None:
        """Do nothing: the code stays where it is."""

    def python(self, home: Home) -> Path:
        """Return this interpreter."""
        return Path(sys.executable)

    def environment(self) -> Mapping[str, str]:
        """Return an environment that makes the same modules importable."""
        paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
        return clean_environment() | {"PYTHONPATH": paths}


def _pex_info(pex: Path) -> bytes:
    try:
        if pex.is_dir():
            return (pex / _INFO).read_bytes()
        with zipfile.ZipFile(pex) as archive:
            return archive.read(_INFO)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise DeployError(f"{pex} is not a PEX: {error}") from None


def _digest_of_sources(*folders: str) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
