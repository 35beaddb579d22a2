"""The platform as a background process: finding, starting and stopping it."""

import contextlib
import json
import os
import signal
import subprocess
import time
from typing import Final

from modelyard_contract import variables
from modelyard_contract.ports import DASHBOARD
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.embedded.client import Dashboard
from modelyard_tools.deployer.embedded.platform_code import PlatformCode
from modelyard_tools.files.lock import LockedError, held
from modelyard_tools.files.logfile import Follower
from modelyard_tools.home.folders import Home
from modelyard_tools.home.running import RunningPlatform, read_note

_START_SECONDS: Final = 60.0
# Longer than the time that pending requests are given to finish.
_STOP_SECONDS: Final = 180.0
_POLL: Final = 0.05


def wanted_port() -> int | None:
    """Return the dashboard port that the environment sets; None if it sets none.

    Raises:
        DeployError: it is not a port number.
    """
    text = os.environ.get(variables.PORT)
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise DeployError(f"{variables.PORT} is {text!r}; it must be a port number")
    return int(text)


def find(home: Home) -> RunningPlatform | None:
    """Return the platform that uses this home, if one answers."""
    note = read_note(home)
    if note is None:
        return None
    answers = Dashboard(note.port).platform()
    if answers is None or answers.home != str(home.root) or answers.pid != note.pid:
        return None
    return note


def start(home: Home, code: PlatformCode) -> RunningPlatform:
    """Start the platform in the background and wait until it answers.

    It survives this process, its terminal and its files.

    Raises:
        DeployError: it exited at once (the text has its output), or did not answer in time.
    """
    output = Follower(home.platform_log)
    process = _spawn(home, code)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        found = find(home)
        if found and found.pid == process.pid:
            return found
        if process.poll() is not None:
            raise DeployError(f"the platform did not start: {_complaint(output.read())}")
        time.sleep(_POLL)
    process.kill()
    raise DeployError(
        f"the platform did not answer within {_START_SECONDS:g} s; see {home.platform_log}"
    )


def stop(home: Home) -> bool:
    """Stop the platform and wait until it has ended; return whether one was running.

    Pending requests are answered first.

    Raises:
        DeployError: it does not stop, or belongs to another user.
    """
    try:
        with held(home.platform_lock, timeout=0):
            return False
    except FileNotFoundError:
        return False
    except LockedError as error:
        pid = error.holder
    if pid is None:
        raise DeployError("a platform is already starting; try again")
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise DeployError(f"the platform (process {pid}) belongs to another user") from None
    try:
        with held(home.platform_lock, _STOP_SECONDS):
            return True
    except LockedError:
        raise DeployError(
            f"the platform did not stop within {_STOP_SECONDS:g} s; end it with `kill -9 {pid}`"
        ) from None


def _spawn(home: Home, code: PlatformCode) -> subprocess.Popen[bytes]:
    port = wanted_port() or DASHBOARD
    command = [str(code.python(home)), "-m", "modelyard_tools.embedded"]
    with home.platform_log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*command, "--port", str(port), "--digest", code.digest],
            cwd=home.root,
            env={**code.environment(), variables.HOME: str(home.root)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _complaint(output: bytes) -> str:
    """Return the message of the last log line, or the last lines if they are not log lines."""
    lines = output.decode(errors="replace").strip().splitlines()
    with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
        return str(json.loads(lines[-1])["message"])
    return "\n".join(lines[-10:]) or "it printed nothing"
