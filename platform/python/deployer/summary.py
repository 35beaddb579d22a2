"""What `apply` tells people: the plan, the result, and where to go next."""

from collections.abc import Mapping, Sequence

from deployer.client import Function
from deployer.plan import Action, Step
from deployer.report import Report
from embedded.running import HOST, RunningPlatform
from embedded.state import SERVING_STATES


def show_plan(report: Report, steps: Sequence[Step]) -> None:
    """Show what is about to happen to each function."""
    if not steps:
        report.line("there is no function to deploy")
        return
    report.table(("Plan", "Function", ""), [(s.action, s.name, s.reason) for s in steps])
    report.line()


def show_result(
    report: Report,
    steps: Sequence[Step],
    functions: Mapping[str, Function],
    failures: Mapping[str, str],
) -> None:
    """Show how each function is now, then in full why some failed."""
    rows = [_row(step, functions.get(step.name), failed=step.name in failures) for step in steps]
    if rows:
        report.table(("Function", "Type", "Variant", "State", "URL"), rows)
    for name, why in failures.items():
        report.error(f"\n{name} was not deployed: {why}")


def show_next_steps(
    report: Report,
    steps: Sequence[Step],
    functions: Mapping[str, Function],
    platform: RunningPlatform,
) -> None:
    """Show how to use the first function that serves."""
    serving = [
        step.release.manifest
        for step in steps
        if step.release and _serves(functions.get(step.name))
    ]
    if not serving:
        return
    first = serving[0]
    report.line(f"""
Send a picture:
  (printf '{{"image":"'; base64 -w0 photo.jpg; printf '"}}') | \\
    curl -sS -H 'content-type: application/json' --data-binary @- {functions[first.name].url}
  ./pants run ::deploy -- invoke {first.name} photo.jpg""")
    if first.address:
        report.line("Draw what it sees:")
        report.line(f"  ./pants run {first.address}-predict -- photo.jpg --out seen.png")
    report.line(f"""\
Use it from a CVAT server on this machine:
  CVAT_SERVERLESS=1 CVAT_NUCLIO_HOST={HOST} CVAT_NUCLIO_PORT={platform.port}""")


def _row(step: Step, function: Function | None, *, failed: bool) -> tuple[str, ...]:
    manifest = step.release.manifest if step.release else None
    return (
        step.name,
        manifest.type if manifest else _annotation(function, "type"),
        manifest.variant if manifest else "",
        _state(step, function, failed=failed),
        function.url if function else "",
    )


def _state(step: Step, function: Function | None, *, failed: bool) -> str:
    if failed:
        return "failed"
    if step.action is Action.BLOCKED:
        return "blocked"
    if function is None:
        return "removed"
    return function.status.state


def _serves(function: Function | None) -> bool:
    return function is not None and function.status.state in SERVING_STATES


def _annotation(function: Function | None, key: str) -> str:
    return function.metadata.annotations.get(key, "") if function else ""
