"""`apply`: from what was built to what is running, the same way for every target."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_tools.deployer.core import summary
from modelyard_tools.deployer.core.alone import alone
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.plan import Action, Step, make_plan
from modelyard_tools.deployer.core.releases import read_releases
from modelyard_tools.deployer.core.target import Target
from modelyard_tools.errors import ToolError

FAILED: Final = 1
PARTLY_BLOCKED: Final = 3


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to apply, and how. With `json`, everything is reported at the end, for programs."""

    releases: Path
    prune: bool = False
    strict: bool = False
    json: bool = False


def apply(session: Session, target: Target, job: Job) -> int:
    """Bring the target in line with the build; return the exit code.

    Raises:
        DeployError: nothing could be done at all. The failure of a single function
            is shown, and the others continue.
    """
    releases = read_releases(job.releases)
    with alone(session):
        target.prepare()
        steps = make_plan(releases, target.running(releases), prune=job.prune)
        if not job.json:
            summary.show_plan(session.report, steps)
        failures = target.deploy([step.release for step in steps if step.release and step.deploys])
        failures |= _remove(target, (s.name for s in steps if s.action is Action.REMOVE))
        target.clean(releases)
        after = target.status()
    if job.json:
        session.show_json({**_plan(steps), "failures": failures, **after.for_programs()})
    else:
        summary.show_result(session.report, steps, after.functions, failures)
        summary.show_next_steps(session.report, steps, after.functions, target)
    if failures:
        return FAILED
    blocked = [step for step in steps if step.action is Action.BLOCKED]
    if not (blocked and job.strict):
        return 0
    for step in blocked:
        session.report.error(f"{step.name} was not deployed: {step.reason}")
    return PARTLY_BLOCKED


def prune(session: Session, target: Target, job: Job) -> int:
    """Remove the functions that are not in the build, and what is no longer needed."""
    releases = read_releases(job.releases)
    with alone(session):
        target.prepare()
        steps = make_plan(releases, target.running(releases), prune=True)
        removed = [step for step in steps if step.action is Action.REMOVE]
        if not job.json:
            summary.show_plan(session.report, removed)
        failures = _remove(target, (step.name for step in removed))
        target.clean(releases)
        after = target.status()
    if job.json:
        session.show_json({**_plan(removed), "failures": failures, **after.for_programs()})
    else:
        summary.show_result(session.report, removed, after.functions, failures)
    return FAILED if failures else 0


def plan(session: Session, target: Target, job: Job) -> int:
    """Show what `apply` would do, without doing it; return the exit code."""
    releases = read_releases(job.releases)
    steps = make_plan(releases, target.running(releases), prune=job.prune)
    if job.json:
        session.show_json(_plan(steps))
    else:
        summary.show_plan(session.report, steps)
    return 0


def _plan(steps: Sequence[Step]) -> dict[str, Any]:
    return {"plan": [{"name": s.name, "action": s.action, "reason": s.reason} for s in steps]}


def _remove(target: Target, names: Iterable[str]) -> dict[str, str]:
    failures: dict[str, str] = {}
    for name in names:
        try:
            target.delete(name)
        except ToolError as error:
            failures[name] = str(error)
    return failures
