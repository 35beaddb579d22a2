"""The platform's records of its functions, so that a crash loses nothing."""

import logging
from typing import Final, Literal, Self

import msgspec

from modelyard_tools.files.atomic import set_aside, write_atomically
from modelyard_tools.home.folders import Home
from modelyard_tools.releases.config import RawConfig

_log = logging.getLogger(__name__)

_MESSAGE_CHARACTERS: Final = 8000
# Nuclio's states of a function that answers requests, possibly after being woken.
SERVING_STATES: Final = frozenset({"ready", "scaledToZero", "waitingForScaleResourceFromZero"})


class Deployment(msgspec.Struct, frozen=True):
    """The state of a function's last deployment. `message` says why it failed."""

    digest: str | None
    state: Literal["building", "ready", "error"]
    message: str = ""

    @classmethod
    def failed(cls, digest: str | None, message: str) -> Self:
        """Return a failed deployment, with the end of a long message."""
        return cls(digest, "error", message.strip()[-_MESSAGE_CHARACTERS:])


class Record(msgspec.Struct, frozen=True):
    """One function: `serving` is the configuration that last worked, `wanted` the one that is
    being deployed (or, if none ever worked, the one that failed).
    """

    name: str
    serving: RawConfig | None
    wanted: RawConfig | None
    last: Deployment | None


class Store:
    """The records, one JSON file per function in the home's `state/functions`."""

    def __init__(self, home: Home) -> None:
        self._folder = home.functions

    def load(self) -> list[Record]:
        """Return all records by name. A damaged file is set aside and does not affect others."""
        records = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                records.append(msgspec.json.decode(path.read_bytes(), type=Record))
            except msgspec.DecodeError as error:
                aside = set_aside(path)
                _log.error("state of %s is damaged (%s); kept as %s", path.stem, error, aside)
        return records

    def save(self, record: Record) -> None:
        """Write the record of one function."""
        write_atomically(self._folder / f"{record.name}.json", msgspec.json.encode(record))

    def delete(self, name: str) -> None:
        """Remove the record of a function."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)
