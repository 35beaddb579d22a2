"""`prune`: remove what is not in the build."""

# ruff: noqa: PLC0415 - see `deployer.commands`

import argparse

from deployer.command import Session, Subparsers, add_json
from deployer.commands.building import built
from deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("prune", help="remove functions that are not in this build")
    parser.set_defaults(run=run)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Remove them, and what nothing needs any more; deploy nothing."""
    from deployer.apply import Job, prune
    from deployer.targets import open_target

    job = Job(releases=built(options), json=options.json)
    return prune(session, open_target(options, session), job)
