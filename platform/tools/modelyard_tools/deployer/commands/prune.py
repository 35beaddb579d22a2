"""`prune`: remove what is not in the build."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.commands.building import built
from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("prune", help="remove functions that are not in this build")
    parser.set_defaults(run=run)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Remove them, and what is no longer needed; deploy nothing."""
    from modelyard_tools.deployer.core.apply import Job, prune
    from modelyard_tools.deployer.targets import open_target

    job = Job(releases=built(options), json=options.json)
    return prune(session, open_target(options, session), job)
