"""`apply`: deploy what has changed."""

# ruff: noqa: PLC0415 - see `deployer.commands`

import argparse

from deployer.command import Session, Subparsers, add_json
from deployer.commands.building import add_prune, built
from deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("apply", help="deploy what has changed (the default)")
    parser.set_defaults(run=run)
    add_prune(parser)
    parser.add_argument(
        "--strict", action="store_true", help="exit with 3 if a function is blocked"
    )
    parser.add_argument("--verbose", action="store_true", help="show the whole log of what failed")
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Bring the target to what was built."""
    from deployer.apply import Job, apply
    from deployer.targets import open_target

    job = Job(
        releases=built(options), prune=options.prune, strict=options.strict, json=options.json
    )
    return apply(session, open_target(options, session), job)
