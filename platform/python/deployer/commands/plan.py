"""`plan`: show what `apply` would do."""

# ruff: noqa: PLC0415 - see `deployer.commands`

import argparse

from deployer.command import Session, Subparsers, add_json
from deployer.commands.building import add_prune, built
from deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("plan", help="show what apply would do")
    parser.set_defaults(run=run)
    add_prune(parser)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Show the plan, and do nothing."""
    from deployer.apply import Job, plan
    from deployer.targets import open_target

    job = Job(releases=built(options), prune=options.prune, json=options.json)
    return plan(session, open_target(options, session), job)
