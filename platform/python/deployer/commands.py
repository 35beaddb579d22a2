"""The commands that look at a running platform, or end it."""

import base64
import contextlib
import difflib
import json
import sys
import time
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NoReturn

from deployer import daemon
from deployer.client import VARIANT, Dashboard, Function, Resources
from deployer.errors import DeployError, UsageError
from deployer.report import Report
from embedded.home import Home
from embedded.logfile import Follower, tail

_FOLLOW_PAUSE: Final = 0.25
_INVOKE_SECONDS: Final = 120.0
_SHORT: Final = 12
_NOT_RUNNING: Final = "the platform is not running; `./pants run ::deploy` starts it"


def status(home: Home, report: Report, *, as_json: bool) -> int:
    """Show all functions and how they are."""
    platform = daemon.find(home)
    functions = Dashboard(platform.port).functions() if platform else {}
    described = [_describe(name, each) for name, each in functions.items()]
    if as_json:
        about = {"port": platform.port, "pid": platform.pid} if platform else None
        report.line(json.dumps({"platform": about, "functions": described}, indent=2))
        return 0
    if platform is None:
        report.line(_NOT_RUNNING)
        return 0
    report.line(f"platform: process {platform.pid}, port {platform.port}, home {home.root}")
    if not described:
        report.line("no function is deployed")
        return 0
    header = ("Function", "Type", "Variant", "State", "Workers", "Limits", "Release", "URL")
    report.table(header, [_row(each) for each in described])
    for each in described:
        if each["problem"]:
            report.error(f"\n{each['name']}: {each['problem']}")
    return 0


def logs(home: Home, name: str, *, lines: int, follow: bool) -> int:
    """Print the end of a function's log, or of the platform's; go on for ever with `follow`."""
    known = {path.stem for path in home.logs.glob("*.log")}
    if name not in known:
        _unknown(name, known)
    path = home.logs / f"{name}.log"
    follower = Follower(path)
    _print_raw(tail(path, lines))
    # Ctrl-C is how one ends this, not a failure.
    with contextlib.suppress(KeyboardInterrupt):
        while follow:
            content = follower.read()
            _print_raw(content)
            if not content:
                time.sleep(_FOLLOW_PAUSE)
    return 0


def stop(home: Home, report: Report) -> int:
    """End the platform and with it all functions; requests under way are answered first."""
    with report.step("stopping the platform"):
        stopped = daemon.stop(home)
    report.line("stopped" if stopped else "the platform was not running")
    return 0


def delete(home: Home, report: Report, name: str) -> int:
    """Stop one function and forget it."""
    dashboard = _dashboard(home)
    _require(name, dashboard)
    with report.step(f"stopping {name}"):
        dashboard.delete(name)
    report.line(f"{name} is deleted")
    return 0


def invoke(home: Home, report: Report, name: str, image: Path, threshold: float | None) -> int:
    """Send an image to a function as CVAT would, and print its reply."""
    dashboard = _dashboard(home)
    _require(name, dashboard)
    body: dict[str, Any] = {"image": base64.b64encode(_read(image)).decode()}
    if threshold is not None:
        body["threshold"] = threshold
    with report.step(f"asking {name}"):
        reply = dashboard.invoke(name, json.dumps(body).encode(), _INVOKE_SECONDS)
    if reply.status >= HTTPStatus.BAD_REQUEST:
        raise DeployError(f"{name} answered {reply.status}: {reply.error}")
    report.line(reply.body.decode(errors="replace"))
    return 0


def _dashboard(home: Home) -> Dashboard:
    platform = daemon.find(home)
    if platform is None:
        raise DeployError(_NOT_RUNNING)
    return Dashboard(platform.port)


def _require(name: str, dashboard: Dashboard) -> None:
    known = dashboard.functions()
    if name not in known:
        _unknown(name, known)


def _unknown(name: str, known: Iterable[str]) -> NoReturn:
    names = sorted(known)
    if not names:
        raise UsageError(f"there is no function {name!r}: none is deployed")
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise UsageError(f"there is no function {name!r}; {hint}known are: {', '.join(names)}")


def _read(image: Path) -> bytes:
    try:
        return image.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {image}: {error.strerror}") from None


def _describe(name: str, function: Function) -> dict[str, Any]:
    annotations = function.metadata.annotations
    last = function.status.last_deployment
    return {
        "name": name,
        "type": annotations.get("type", ""),
        "variant": annotations.get(VARIANT, ""),
        "state": function.status.state,
        "workers": function.status.workers.ready,
        "busy": function.status.workers.busy,
        "restarts": function.status.workers.restarts,
        "limits": _limits(function.status.resources),
        "release": function.digest,
        "url": function.url,
        "problem": last.message if last else "",
    }


def _row(described: dict[str, Any]) -> tuple[str, ...]:
    workers = f"{described['workers']} ({described['busy']} busy)"
    release = (described["release"] or "")[:_SHORT]
    first = (described[key] for key in ("name", "type", "variant", "state"))
    return (*first, workers, described["limits"], release, described["url"])


def _limits(resources: Resources) -> str:
    """Return the limits, and what puts them in force: `2 GiB, 1.5 cores (rlimit)`."""
    words = []
    if resources.memory_bytes is not None:
        words.append(f"{resources.memory_bytes / 1024**3:.3g} GiB")
    if resources.cpus is not None:
        words.append(f"{resources.cpus:g} cores")
    words += resources.gpus
    by = f" ({resources.enforced_by})" if resources.enforced_by not in (None, "none") else ""
    return ", ".join(words) + by


def _print_raw(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
