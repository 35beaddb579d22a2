"""`status`: the functions and their states."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
from typing import TYPE_CHECKING, Final

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target

if TYPE_CHECKING:
    from modelyard_tools.deployer.core.target import Deployed

_SHORT: Final = 12
_HEADER: Final = (
    "Function",
    "Type",
    "Variant",
    "State",
    "Workers",
    "Limits",
    "Licence",
    "Release",
    "URL",
)


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("status", help="show the functions and their states")
    parser.set_defaults(run=run)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Show all functions and their states."""
    from modelyard_tools.deployer.targets import open_target

    status = open_target(options, session).status()
    functions = list(status.functions.values())
    if options.json:
        session.show_json({"platform": status.platform, **status.for_programs()})
        return 0
    session.report.line(status.headline)
    if status.platform is None:
        return 0
    if not functions:
        session.report.line("no function is deployed")
        return 0
    session.report.table(_HEADER, [_row(each) for each in functions])
    for each in functions:
        if each.problem:
            session.report.error(f"\n{each.name}: {each.problem}")
    return 0


def _row(function: "Deployed") -> tuple[str, ...]:
    workers = "" if function.workers is None else f"{function.workers} ({function.busy} busy)"
    release = (function.release or "")[:_SHORT]
    first = (function.name, function.type, function.variant, function.state)
    return (*first, workers, function.limits, function.licence, release, function.url)
