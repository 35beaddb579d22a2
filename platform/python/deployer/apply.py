"""`apply`: from what was built to what is running."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from deployer import daemon, install, summary
from deployer.client import Dashboard, Function
from deployer.errors import DeployError
from deployer.nuclio_config import nuclio_config
from deployer.plan import Action, Running, make_plan
from deployer.platform_code import PlatformCode
from deployer.releases import BuiltRelease, read_releases
from deployer.report import Report
from embedded.config import FunctionConfig
from embedded.home import Home
from embedded.lock import LockedError, held
from embedded.running import RunningPlatform
from embedded.state import Store

_PROJECT_LABEL: Final = "nuclio.io/project-name"
_POLL: Final = 0.2
# The platform itself bounds every start; this is for one that has gone mad.
_LONGEST_WAIT: Final = 1800.0
_LONGEST_DEPLOY: Final = 3600.0

FAILED: Final = 1
PARTLY_BLOCKED: Final = 3


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to apply, from where to where, and how."""

    home: Home
    report: Report
    releases: Path
    code: PlatformCode
    prune: bool = False
    strict: bool = False


def apply(job: Job) -> int:
    """Bring the platform to what was built; return the exit code.

    Raises:
        DeployError: nothing could be done at all. What fails for one function
            only is shown, and the others go on.
    """
    releases = read_releases(job.releases)
    with alone(job.home, job.report):
        platform = _ensure_platform(job)
        dashboard = Dashboard(platform.port)
        before = _settled(dashboard, job.report)
        steps = make_plan(releases, _running(job.home, before), prune=job.prune)
        summary.show_plan(job.report, steps)
        changed = [step.release for step in steps if step.release and step.deploys]
        failures = _deploy(job, dashboard, changed)
        failures |= _remove(dashboard, [s.name for s in steps if s.action is Action.REMOVE])
        after = dashboard.functions()
        _clean(job, releases, before, after, platform)
    summary.show_result(job.report, steps, after, failures)
    summary.show_next_steps(job.report, steps, after, platform)
    if failures:
        return FAILED
    blocked = any(step.action is Action.BLOCKED for step in steps)
    return PARTLY_BLOCKED if blocked and job.strict else 0


def plan(home: Home, report: Report, root: Path, *, prune: bool) -> int:
    """Show what `apply` would do, and do nothing; return the exit code."""
    platform = daemon.find(home)
    if platform:
        running = _running(home, Dashboard(platform.port).functions())
    else:
        running = _remembered(home)
        report.error("the platform is not running; apply will start it")
    summary.show_plan(report, make_plan(read_releases(root), running, prune=prune))
    return 0


@contextlib.contextmanager
def alone(home: Home, report: Report) -> Iterator[None]:
    """Let one deployer at a time work on a home."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(home.deploy_lock, timeout=0))
        except LockedError as other:
            with report.step(f"waiting for another deploy (process {other.holder})"):
                _wait_for_lock(stack, home)
        yield


def _wait_for_lock(stack: contextlib.ExitStack, home: Home) -> None:
    try:
        stack.enter_context(held(home.deploy_lock, _LONGEST_DEPLOY))
    except LockedError as error:
        raise DeployError(f"another deploy does not end: {error}") from None


def _ensure_platform(job: Job) -> RunningPlatform:
    """Return a running platform of the wanted code and port; start or replace it if need be."""
    found = daemon.find(job.home)
    if found and found.digest == job.code.digest and daemon.wanted_port() in (None, found.port):
        return found
    if not job.code.is_installed(job.home):
        with job.report.step("installing the platform (once for each version of it)"):
            job.code.install(job.home)
    with job.report.step("replacing the platform" if found else "starting the platform"):
        daemon.stop(job.home)
        return daemon.start(job.home, job.code)


def _settled(dashboard: Dashboard, report: Report) -> dict[str, Function]:
    """Return all functions once none is being started or replaced any more."""
    functions = dashboard.functions()
    if not _building(functions):
        return functions
    with report.step(f"waiting until {', '.join(_building(functions))} started"):
        deadline = time.monotonic() + _LONGEST_WAIT
        while _building(functions) and time.monotonic() < deadline:
            time.sleep(_POLL)
            functions = dashboard.functions()
    return functions


def _building(functions: Mapping[str, Function]) -> list[str]:
    return [name for name, each in functions.items() if each.status.state == "building"]


def _running(home: Home, functions: Mapping[str, Function]) -> dict[str, Running]:
    return {
        name: Running(each.digest, each.status.state, install.parts_of(home, each.digest))
        for name, each in functions.items()
    }


def _remembered(home: Home) -> dict[str, Running]:
    """Return the functions that a platform which is not running would start again."""
    configs = {
        record.name: FunctionConfig.parse(record.serving)
        for record in Store(home).load()
        if record.serving
    }
    return {
        name: Running(config.digest, "ready", install.parts_of(home, config.digest))
        for name, config in configs.items()
    }


def _deploy(job: Job, dashboard: Dashboard, releases: Sequence[BuiltRelease]) -> dict[str, str]:
    """Install and start the releases; return why some did not, by function."""
    failures: dict[str, str] = {}
    started: dict[str, str] = {}
    for release in releases:
        name = release.manifest.name
        try:
            _start(job, dashboard, release)
            started[name] = release.manifest.digest
        except DeployError as error:
            failures[name] = str(error)
    if started:
        with job.report.step(f"starting {', '.join(started)}"):
            failures |= _wait(dashboard, started)
    return failures


def _start(job: Job, dashboard: Dashboard, release: BuiltRelease) -> None:
    """Install a release and have the platform begin to start it."""
    if not install.has_dependencies(job.home, release):
        resolve = release.manifest.resolve
        with job.report.step(f"installing the dependencies `{resolve}` (once for each lock)"):
            install.install_dependencies(job.home, release)
    with job.report.step(f"installing {release.manifest.name}"):
        install.install_release(job.home, release)
    config = nuclio_config(release)
    project = config["metadata"].get("labels", {}).get(_PROJECT_LABEL)
    if project:
        dashboard.ensure_project(project)
    dashboard.put(config)


def _wait(dashboard: Dashboard, started: Mapping[str, str]) -> dict[str, str]:
    """Wait until each function's deployment of that digest is over; return the failures."""
    failures: dict[str, str] = {}
    pending = dict(started)
    deadline = time.monotonic() + _LONGEST_WAIT
    while pending:
        time.sleep(_POLL)
        functions = dashboard.functions()
        for name, digest in list(pending.items()):
            problem = _problem(functions.get(name), digest, late=time.monotonic() > deadline)
            if problem is not None:
                del pending[name]
            if problem:
                failures[name] = problem
    return failures


def _problem(function: Function | None, digest: str, *, late: bool) -> str | None:
    """Return why the deployment failed; nothing if it succeeded, None if it goes on."""
    if function is None:
        return "it was deleted while it was being deployed"
    last = function.status.last_deployment
    if last is None or last.digest != digest:
        return "another deployment of it came in between; run again"
    if last.state == "building":
        return "it does not start, nor does it fail; see its log" if late else None
    if last.state == "ready":
        return ""
    old = function.status.state != "error"
    return f"{last.message}\nthe version before it still serves" if old else last.message


def _remove(dashboard: Dashboard, names: Sequence[str]) -> dict[str, str]:
    failures: dict[str, str] = {}
    for name in names:
        try:
            dashboard.delete(name)
        except DeployError as error:
            failures[name] = str(error)
    return failures


def _clean(
    job: Job,
    releases: Sequence[BuiltRelease],
    before: Mapping[str, Function],
    after: Mapping[str, Function],
    platform: RunningPlatform,
) -> None:
    """Remove what nothing needs any more. Versions just replaced may still end their requests."""
    functions = (*before.values(), *after.values())
    keep = {each.digest for each in functions if each.digest}
    keep |= {release.manifest.digest for release in releases}
    try:
        install.clean(job.home, keep, platform.digest)
    except OSError as error:
        job.report.error(f"cannot remove old releases from {job.home.root}: {error}")
