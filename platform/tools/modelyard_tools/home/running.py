"""The note that a running platform leaves in its home for those who look for it."""

from typing import Final

import msgspec

from modelyard_tools.files.atomic import write_atomically
from modelyard_tools.home.folders import Home

HOST: Final = "127.0.0.1"


class RunningPlatform(msgspec.Struct, frozen=True):
    """Process id, dashboard port, digest of its code, start in seconds since 1970 (UTC).

    After a crash the note is left behind: ask the port before believing it.
    """

    pid: int
    port: int
    digest: str
    started: float


def write_note(home: Home, platform: RunningPlatform) -> None:
    """Leave the note."""
    write_atomically(home.platform_json, msgspec.json.encode(platform))


def read_note(home: Home) -> RunningPlatform | None:
    """Return the note, or None if there is none that can be read."""
    try:
        return msgspec.json.decode(home.platform_json.read_bytes(), type=RunningPlatform)
    except (OSError, msgspec.DecodeError):
        return None


def remove_note(home: Home) -> None:
    """Take the note away."""
    home.platform_json.unlink(missing_ok=True)
