"""`reconcile`: repair functions whose real state differs from what the platform believes."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("reconcile", help="repair ports and states after a restart")
    parser.set_defaults(run=run)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Start dead functions, and correct the ports that the platform reports."""
    from modelyard_tools.deployer.core.alone import alone
    from modelyard_tools.deployer.targets import open_target

    target = open_target(options, session)
    with alone(session):
        done = target.reconcile()
    if options.json:
        session.show_json(done)
        return 0
    session.report.line(f"repaired: {', '.join(done) or 'nothing'}")
    return 0
