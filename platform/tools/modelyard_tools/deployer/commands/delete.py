"""`delete`: stop and remove a function."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("delete", help="stop and remove a function")
    parser.set_defaults(run=run)
    parser.add_argument("name")
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Stop and remove one function."""
    from modelyard_tools.deployer.targets import open_target

    target = open_target(options, session)
    with session.report.step(f"stopping {options.name}"):
        target.delete(options.name)
    if options.json:
        session.show_json({"deleted": options.name, **target.status().for_programs()})
        return 0
    session.report.line(f"{options.name} is deleted")
    return 0
