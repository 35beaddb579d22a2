"""`rollback`: restore the previous version."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("rollback", help="restore the previous version; run again to undo")
    parser.set_defaults(run=run)
    parser.add_argument("name")
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Restore the version before the one that serves."""
    from modelyard_tools.deployer.core.alone import alone
    from modelyard_tools.deployer.targets import open_target

    target = open_target(options, session)
    with alone(session), session.report.step(f"rolling {options.name} back"):
        version = target.rollback(options.name)
    if options.json:
        session.show_json({"version": version, **target.status().for_programs()})
        return 0
    session.report.line(f"{options.name} serves {version} again; the next apply deploys the build")
    return 0
