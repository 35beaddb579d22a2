"""`stop`: stop the embedded platform."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("stop", help="stop the embedded platform and all its functions")
    parser.set_defaults(run=run)
    add_json(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Stop the platform and all its functions; pending requests are answered first."""
    from modelyard_tools.deployer.embedded import daemon

    with session.report.step("stopping the platform"):
        stopped = daemon.stop(session.home)
    if options.json:
        session.show_json({"stopped": stopped})
        return 0
    session.report.line("stopped" if stopped else "the platform was not running")
    return 0
