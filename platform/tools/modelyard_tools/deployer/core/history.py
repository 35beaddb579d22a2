"""What a deployer remembers of each function, to roll back and to resume after a crash."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.files.atomic import write_atomically

Config = dict[str, Any]


class Attempt(msgspec.Struct, frozen=True):
    """A deployment that was started: its id, and when, in seconds since 1970 (UTC)."""

    id: str
    started: float


class Record(msgspec.Struct, frozen=True):
    """One function: the configuration that was last seen serving, the one before it, and the
    deployment in progress. Each is None if there is none.
    """

    serving: Config | None = None
    previous: Config | None = None
    attempt: Attempt | None = None

    def started(self, attempt: str) -> Self:
        """Return the record with a deployment in progress."""
        return msgspec.structs.replace(self, attempt=Attempt(attempt, time.time()))

    def ended(self) -> Self:
        """Return the record after a deployment that did not change what counts as serving."""
        return msgspec.structs.replace(self, attempt=None)

    def served(self, config: Config) -> Self:
        """Return the record of a function that now serves `config`."""
        same = self.serving is None or _release(self.serving) == _release(config)
        previous = self.previous if same else self.serving
        return msgspec.structs.replace(self, serving=config, previous=previous, attempt=None)


class History:
    """The records of one target, one JSON file per function."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Record:
        """Return what is known of a function; an empty record if unknown.

        An unreadable file counts as none: that costs a rollback, not a deployment.
        """
        try:
            return msgspec.json.decode(self._path(name).read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError):
            return Record()

    def write(self, name: str, record: Record) -> None:
        """Store the record.

        Raises:
            DeployError: the disk is full, or the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path(name), msgspec.json.encode(record))
        except OSError as error:
            raise DeployError(f"cannot write to {self._folder}: {error.strerror}") from None

    def forget(self, name: str) -> None:
        """Remove the record of a deleted function."""
        self._path(name).unlink(missing_ok=True)

    def configs(self) -> list[Config]:
        """Return all configurations that a rollback may need, now or after the next deployment."""
        records = (self.read(path.stem) for path in sorted(self._folder.glob("*.json")))
        pairs = ((record.serving, record.previous) for record in records)
        return [config for pair in pairs for config in pair if config]

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def previous(history: History, name: str) -> Config:
    """Return the configuration that a rollback restores.

    Raises:
        DeployError: none is known.
    """
    config = history.read(name).previous
    if config is None:
        raise DeployError(f"no earlier version of {name} is known here; deploy one from its build")
    return config


def require_rolled_back(name: str, failures: Mapping[str, str]) -> None:
    """Raise `DeployError` if deploying what `previous` returned ended with `failures`."""
    if failures:
        raise DeployError(f"{name} was not rolled back: {failures[name]}")


def _release(config: Config) -> Any:
    """Return what distinguishes two releases of a function: its image names the content."""
    return config["spec"].get("image")
