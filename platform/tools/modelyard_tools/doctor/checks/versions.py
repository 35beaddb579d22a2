"""Versions that must match."""

import re
from collections.abc import Iterator

from modelyard_contract.nuclio import VERSION
from modelyard_tools.doctor.facts import Facts
from modelyard_tools.doctor.finding import Finding, note, problem, warning

# From this release on, Docker's engine rejects the API version of older Nuclios (cvat#10013).
_STRICT_DOCKER = 29
_FIRST_FOR_STRICT_DOCKER = (1, 15)


def nuctl_and_dashboard(facts: Facts) -> Iterator[Finding]:
    """The client and the dashboard can read each other's store only within a release."""
    nuctl, dashboard = facts.tools.nuctl, facts.nuclio
    if nuctl and dashboard and dashboard.version and _plain(nuctl) != _plain(dashboard.version):
        yield problem(
            "nuctl",
            f"nuctl is {nuctl}, but the dashboard at {dashboard.url} is {dashboard.version}",
            f"install nuctl {_plain(dashboard.version)}, or leave it: the deployer asks the "
            "dashboard itself",
        )


def dashboard_and_pin(facts: Facts) -> Iterator[Finding]:
    """The processor in our images needs a dashboard of its own release."""
    dashboard = facts.nuclio
    if dashboard and dashboard.version and _release(dashboard.version) != _release(VERSION):
        yield warning(
            "nuclio-version",
            f"the dashboard at {dashboard.url} is {dashboard.version}; images here hold "
            f"Nuclio {VERSION}",
            "set nuclio_onbuild in [modelyard] of pants.toml to the dashboard's release",
        )


def docker_and_nuclio(facts: Facts) -> Iterator[Finding]:
    """New engines reject the API version of old Nuclios."""
    engine, dashboard = facts.engine, facts.nuclio
    if engine is None or engine.version is None or dashboard is None:
        return
    major = _release(engine.version)[:1]
    if major >= (_STRICT_DOCKER,) and _release(dashboard.version) < _FIRST_FOR_STRICT_DOCKER:
        yield problem(
            "docker-version",
            f"Docker {engine.version} rejects the API version that Nuclio {dashboard.version} uses",
            "run Nuclio 1.15 or later, or set DOCKER_MIN_API_VERSION=1.24 for dockerd",
        )


def nuctl_picks_kubernetes(facts: Facts) -> Iterator[Finding]:
    """With a kubeconfig, nuctl uses the cluster unless told otherwise."""
    tools = facts.tools
    if tools.nuctl and tools.kubeconfig and not tools.nuctl_platform:
        yield warning(
            "kubeconfig",
            f"nuctl will deploy to the cluster of {tools.kubeconfig}, not to Docker",
            "export NUCTL_PLATFORM=local",
        )


def arm64(facts: Facts) -> Iterator[Finding]:
    """Nuclio's image names contain an architecture, mostly not arm64."""
    machine = facts.machine
    if machine.architecture not in ("aarch64", "arm64"):
        return
    yield note(
        "arm64",
        "Nuclio's images are made for each architecture; those that CVAT names end in -amd64",
        "use the -arm64 images of the dashboard and of [modelyard].nuclio_onbuild; the embedded "
        "platform needs none",
    )


def _plain(version: str) -> str:
    return version.strip().removeprefix("v").partition("-")[0]


def _release(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
