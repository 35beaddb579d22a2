"""`doctor`: find problems here, and how to fix them."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
from typing import TYPE_CHECKING, Final

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json

if TYPE_CHECKING:
    from modelyard_tools.doctor.facts import Facts
    from modelyard_tools.doctor.finding import Finding

_FAILED: Final = 1


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "doctor",
        help="find problems with this machine, the platform and the functions",
        epilog="exit codes: 0 nothing is broken, 1 something is",
    )
    parser.set_defaults(run=run)
    add_json(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Examine everything and print the findings; exit with 1 if something does not work."""
    import msgspec

    from modelyard_tools.doctor.examine import examine
    from modelyard_tools.doctor.finding import Severity
    from modelyard_tools.doctor.gather import gather

    with session.report.step("examining this machine"):
        facts = gather(session.home)
        findings = examine(facts)
    if options.json:
        session.show_json(msgspec.to_builtins({"findings": findings, "facts": facts}))
    else:
        _show(session, facts, findings)
    return _FAILED if any(each.severity is Severity.PROBLEM for each in findings) else 0


def _show(session: Session, facts: "Facts", findings: "list[Finding]") -> None:
    report = session.report
    for finding in findings:
        report.line(f"{finding.severity}: {finding.what}\n  fix: {finding.mend}")
    ours, docker = facts.embedded, facts.engine
    report.line(
        f"checked: {facts.machine.system} on {facts.machine.architecture}; embedded platform "
        f"{f'at {ours.url}' if ours else 'not running'}; "
        f"Nuclio {f'at {facts.nuclio.url}' if facts.nuclio else 'not found'}; "
        f"Docker {docker.version if docker and docker.version else 'not running'}"
    )
    if not findings:
        report.line("no problems found")
