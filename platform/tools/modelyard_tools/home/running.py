"""The note in its home by which a running platform can be found."""

from typing import Final

import msgspec

from modelyard_tools.files.atomic import write_atomically
from modelyard_tools.home.folders import Home

HOST: Final = "127.0.0.1"


class RunningPlatform(msgspec.Struct, frozen=True):
    """Process id, dashboard port, digest of its code, start in seconds since 1970 (UTC).

    After a crash the note is left behind: check the port before trusting it.
    """

    pid: int
    port: int
    digest: str
    started: float


def write_note(home: Home, platform: RunningPlatform) -> None:
    """Write the note."""
    write_atomically(home.platform_json, msgspec.json.encode(platform))


def read_note(home: Home) -> RunningPlatform | None:
    """Return the note; None if it is missing or unreadable."""
    try:
        return msgspec.json.decode(home.platform_json.read_bytes(), type=RunningPlatform)
    except (OSError, msgspec.DecodeError):
        return None


def remove_note(home: Home) -> None:
    """Remove the note."""
    home.platform_json.unlink(missing_ok=True)
