"""The embedded platform's home, the ports it needs, and the weights store."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import psutil

from modelyard_tools.doctor.facts import Dashboard, Engine, Listener, Platform, Weights
from modelyard_tools.files.lock import LockedError, held
from modelyard_tools.files.logfile import tail
from modelyard_tools.home.folders import Home
from modelyard_tools.home.state import Record
from modelyard_tools.releases.config import FunctionConfig

_LOG_LINES: Final = 200
_ALGORITHMS: Final = ("sha256", "sha384", "sha512")
_STORE: Final = "pants/named_caches/modelyard_weights"


def platform(home: Home, answering: Dashboard | None, host: str) -> Platform:
    """Return the state of a home's platform; `answering` is its dashboard."""
    return Platform(
        held_by=_holder(home),
        answers=answering is not None,
        last_error=_last_error(tail(home.platform_log, _LOG_LINES)) if answering else "",
        damaged=tuple(str(path) for path, record in _records(home) if record is None),
        host=host,
    )


def wanted_ports(home: Home, dashboard_port: int) -> dict[int, str]:
    """Return the ports that the platform binds when it starts, and what needs each."""
    wanted = {dashboard_port: "the dashboard"}
    for _, record in _records(home):
        if record and record.serving:
            config = FunctionConfig.parse(record.serving)
            if config.port:
                wanted[config.port] = config.name
    return wanted


def listeners(
    wanted: Mapping[int, str], engine: Engine | None, holder: int | None
) -> tuple[Listener, ...]:
    """Return what listens on the wanted ports; `holder` is our platform's process."""
    pids = {
        connection.laddr.port: connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }
    found = []
    for port, name in wanted.items():
        # Its listener, if any, is the engine's proxy.
        container = engine.publishing(port) if engine else None
        if container:
            ours = container.ours == name
            found.append(Listener(port=port, wanted_by=name, container=container.name, ours=ours))
        elif port in pids:
            pid = pids[port]
            ours = _belongs_to(pid, holder)
            found.append(Listener(port=port, wanted_by=name, process=_name(pid), ours=ours))
    return tuple(found)


def _belongs_to(pid: int | None, holder: int | None) -> bool:
    """Return whether a process is `holder` or was started by it."""
    if pid is None or holder is None:
        return False
    try:
        return holder in (pid, *(parent.pid for parent in psutil.Process(pid).parents()))
    except psutil.Error:
        return False


def weights(cache: Path) -> Weights | None:
    """Return the weights store below the user's cache folder, with every file checked."""
    store = cache / _STORE
    if not store.is_dir():
        return None
    files = [path for each in _ALGORITHMS for path in sorted((store / each).glob("*"))]
    partial = store / "partial"
    return Weights(
        path=str(store),
        files=len(files),
        size=sum(path.stat().st_size for path in files),
        damaged=tuple(str(path.relative_to(store)) for path in files if not _is_named(path)),
        unfinished=tuple(path.name for path in partial.glob("*") if path.suffix != ".lock"),
    )


def _is_named(path: Path) -> bool:
    """Return whether a file's digest is its name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, path.parent.name).hexdigest() == path.name


def _holder(home: Home) -> int | None:
    # Trying a lock creates its file.
    if not home.platform_lock.exists():
        return None
    try:
        with held(home.platform_lock, timeout=0):
            return None
    except LockedError as error:
        return error.holder


def _records(home: Home) -> Iterator[tuple[Path, Record | None]]:
    for path in sorted(home.functions.glob("*.json")):
        try:
            yield path, msgspec.json.decode(path.read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError):
            yield path, None


def _last_error(log: bytes) -> str:
    """Return the message of the platform's last error that is not about one function."""
    last = ""
    for line in log.decode(errors="replace").splitlines():
        try:
            entry = json.loads(line)
            ours = (
                entry["logger"].startswith("modelyard_tools.embedded") and "function" not in entry
            )
            if ours and entry["level"] in ("error", "critical"):
                last = str(entry["message"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return last


def _name(pid: int | None) -> str:
    if pid is None:
        return ""
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"
