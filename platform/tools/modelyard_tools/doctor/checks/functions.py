"""Functions: those that only look healthy, and those that are too large."""

from collections.abc import Iterator

from modelyard_tools.doctor.facts import Dashboard, Facts, Function
from modelyard_tools.doctor.finding import Finding, note, problem, warning

# Nuclio on Docker passes a configuration as a shell argument; see the plugin's renderings.size.
_MOST_BYTES = 80_000
_RESTARTS = 3
_SLEEPING = ("scaledToZero", "waitingForScaleResourceFromZero", "imported")


def ready_but_dead(facts: Facts) -> Iterator[Finding]:
    """A function is `ready`, but nothing listens on its port."""
    for dashboard, function in _all(facts):
        if function.state == "ready" and function.answers is False:
            yield problem(
                "functions",
                f"{function.name} is ready according to {_whose(dashboard)}, but nothing answers "
                f"on port {function.port}",
                _logs(dashboard, function),
            )


def failed(facts: Facts) -> Iterator[Finding]:
    """Functions that neither serve nor would start with a request."""
    for dashboard, function in _all(facts):
        if function.state in ("ready", *_SLEEPING):
            continue
        if function.state == "building":
            what = f"{function.name} is being deployed, or a deploy of it was interrupted"
            yield note("functions", what, "deploy again if it stays so")
            continue
        lines = function.message.strip().splitlines()
        reason = f": {lines[-1]}" if lines else ""
        yield problem(
            "functions", f"{function.name} is {function.state}{reason}", _logs(dashboard, function)
        )


def restarting(facts: Facts) -> Iterator[Finding]:
    """Workers that exit unexpectedly."""
    for dashboard, function in _all(facts):
        if function.restarts >= _RESTARTS:
            yield warning(
                "functions",
                f"{function.name}'s workers exited {function.restarts} times",
                _logs(dashboard, function),
            )


def too_large(facts: Facts) -> Iterator[Finding]:
    """Configurations near the size limit of Nuclio on Docker."""
    for dashboard, function in _all(facts):
        if function.size > _MOST_BYTES and not dashboard.embedded:
            yield problem(
                "spec-size",
                f"{function.name} takes {function.size} bytes; Nuclio on Docker fails with "
                f"'argument list too long' at about {_MOST_BYTES}",
                "shorten its label set or the values of its attributes",
            )


def _all(facts: Facts) -> Iterator[tuple[Dashboard, Function]]:
    for dashboard in facts.dashboards:
        for function in dashboard.functions:
            yield dashboard, function


def _whose(dashboard: Dashboard) -> str:
    return "the embedded platform" if dashboard.embedded else f"Nuclio at {dashboard.url}"


def _logs(dashboard: Dashboard, function: Function) -> str:
    if dashboard.embedded:
        return f"./pants run ::deploy -- logs {function.name}"
    return f"docker logs --tail 30 nuclio-nuclio-{function.name}"
