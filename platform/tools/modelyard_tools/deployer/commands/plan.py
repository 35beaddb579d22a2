"""`plan`: show what `apply` would do."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.commands.building import add_prune, built
from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("plan", help="show what apply would do")
    parser.set_defaults(run=run)
    add_prune(parser)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Show the plan without applying it."""
    from modelyard_tools.deployer.core.apply import Job, plan
    from modelyard_tools.deployer.targets import open_target

    job = Job(releases=built(options), prune=options.prune, json=options.json)
    return plan(session, open_target(options, session), job)
