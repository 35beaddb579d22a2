"""All checks over all facts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from modelyard_tools.doctor.checks import engine, functions, machine, platform, versions
from modelyard_tools.doctor.facts import Facts
from modelyard_tools.doctor.finding import Finding, Severity

CHECKS: Final[Sequence[Callable[[Facts], Iterable[Finding]]]] = (
    platform.embedded,
    platform.ports,
    functions.ready_but_dead,
    functions.failed,
    functions.restarting,
    functions.too_large,
    engine.docker,
    engine.stale_containers,
    engine.port_drift,
    engine.nvidia,
    platform.reach,
    versions.nuctl_and_dashboard,
    versions.dashboard_and_pin,
    versions.docker_and_nuclio,
    versions.nuctl_picks_kubernetes,
    versions.arm64,
    machine.disk,
    machine.memory,
    machine.windows,
    platform.weights,
)
_ORDER: Final = tuple(Severity)


def examine(facts: Facts) -> list[Finding]:
    """Return the findings of all checks, the worst first."""
    found = [finding for check in CHECKS for finding in check(facts)]
    return sorted(found, key=lambda finding: _ORDER.index(finding.severity))
