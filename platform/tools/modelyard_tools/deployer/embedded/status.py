"""Functions of the embedded platform, as `status` and waiting deployments see them."""

import time
from collections.abc import Mapping
from typing import Final

from modelyard_contract.limits import GIB
from modelyard_contract.nuclio import LICENCE, ORIGIN, VARIANT
from modelyard_tools.deployer.core.diagnosis import explain
from modelyard_tools.deployer.core.target import Deployed
from modelyard_tools.deployer.embedded.client import Dashboard, Function, Resources
from modelyard_tools.deployer.output.report import Report

_POLL: Final = 0.2
# The platform itself bounds every start; this is for one that hangs.
_LONGEST_WAIT: Final = 1800.0


def settled(dashboard: Dashboard, report: Report) -> dict[str, Function]:
    """Return all functions once none is being started or replaced."""
    functions = dashboard.functions()
    if not _building(functions):
        return functions
    with report.step(f"waiting for {', '.join(_building(functions))} to start"):
        deadline = time.monotonic() + _LONGEST_WAIT
        while _building(functions) and time.monotonic() < deadline:
            time.sleep(_POLL)
            functions = dashboard.functions()
    return functions


def wait(dashboard: Dashboard, started: Mapping[str, str], *, verbose: bool) -> dict[str, str]:
    """Wait until each function's deployment of that digest has finished; return the failures.

    With `verbose`, they contain a function's whole output.
    """
    failures: dict[str, str] = {}
    pending = dict(started)
    deadline = time.monotonic() + _LONGEST_WAIT
    while pending:
        time.sleep(_POLL)
        functions = dashboard.functions()
        for name, digest in list(pending.items()):
            late = time.monotonic() > deadline
            problem = _problem(functions.get(name), digest, late=late, verbose=verbose)
            if problem is not None:
                del pending[name]
            if problem:
                failures[name] = problem
    return failures


def _problem(function: Function | None, digest: str, *, late: bool, verbose: bool) -> str | None:
    """Return why the deployment failed; "" if it succeeded, None if it is in progress."""
    if function is None:
        return "it was deleted while it was being deployed"
    last = function.status.last_deployment
    if last is None or last.digest != digest:
        return "it was deployed again in the meantime; run again"
    if last.state == "building":
        return "it neither starts nor fails; see its log" if late else None
    if last.state == "ready":
        return ""
    why = last.message if verbose else explain(last.message)
    old = function.status.state != "error"
    return f"{why}\nthe previous version still serves" if old else why


def _building(functions: Mapping[str, Function]) -> list[str]:
    return [name for name, each in functions.items() if each.status.state == "building"]


def described(name: str, function: Function) -> Deployed:
    """Return a function as `status` shows it."""
    annotations = function.metadata.annotations
    last = function.status.last_deployment
    workers = function.status.workers
    return Deployed(
        name=name,
        type=annotations.get("type", ""),
        variant=annotations.get(VARIANT, ""),
        state=function.status.state,
        workers=workers.ready,
        busy=workers.busy,
        restarts=workers.restarts,
        limits=_limits(function.status.resources),
        licence=annotations.get(LICENCE, ""),
        origin=annotations.get(ORIGIN, ""),
        release=function.digest,
        url=function.url,
        problem=last.message if last else "",
    )


def _limits(resources: Resources) -> str:
    """Return the limits, and how they are enforced: `2 GiB, 1.5 cores (rlimit)`."""
    words = []
    if resources.memory_bytes is not None:
        words.append(f"{resources.memory_bytes / GIB:.3g} GiB")
    if resources.cpus is not None:
        words.append(f"{resources.cpus:g} cores")
    words += resources.gpus
    by = f" ({resources.enforced_by})" if resources.enforced_by not in (None, "none") else ""
    return ", ".join(words) + by
