"""What `apply` shows to people: the plan, the result, and the next steps."""

from collections.abc import Mapping, Sequence

from modelyard_tools.deployer.core.plan import Action, Step
from modelyard_tools.deployer.core.target import Deployed, Target
from modelyard_tools.deployer.output.report import Report
from modelyard_tools.home.state import SERVING_STATES


def show_plan(report: Report, steps: Sequence[Step]) -> None:
    """Show what will happen to each function."""
    if not steps:
        report.line("nothing to do")
        return
    report.table(("Plan", "Function", ""), [(s.action, s.name, s.reason) for s in steps])
    report.line()


def show_result(
    report: Report,
    steps: Sequence[Step],
    functions: Mapping[str, Deployed],
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
    functions: Mapping[str, Deployed],
    target: Target,
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
  ./pants run ::deploy -- invoke {first.name} photo.jpg{target.flags}""")
    if first.address:
        report.line("Draw what it sees:")
        report.line(f"  ./pants run {first.address}-predict -- photo.jpg --out seen.png")
    report.line(target.next_steps())


def _row(step: Step, function: Deployed | None, *, failed: bool) -> tuple[str, ...]:
    manifest = step.release.manifest if step.release else None
    return (
        step.name,
        manifest.type if manifest else (function.type if function else ""),
        manifest.variant if manifest else "",
        _state(step, function, failed=failed),
        function.url if function else "",
    )


def _state(step: Step, function: Deployed | None, *, failed: bool) -> str:
    if failed:
        return "failed"
    if step.action is Action.BLOCKED:
        return "blocked"
    if function is None:
        return "removed"
    return function.state


def _serves(function: Deployed | None) -> bool:
    return function is not None and function.state in SERVING_STATES
