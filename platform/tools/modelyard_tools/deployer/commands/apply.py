"""`apply`: deploy what changed."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.commands.building import add_prune, built
from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("apply", help="deploy what changed (the default)")
    parser.set_defaults(run=run)
    add_prune(parser)
    parser.add_argument("--strict", action="store_true", help="exit with 3 if a release is blocked")
    parser.add_argument("--verbose", action="store_true", help="show full logs of what failed")
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Bring the target in line with the build."""
    from modelyard_tools.deployer.core.apply import Job, apply
    from modelyard_tools.deployer.targets import open_target

    job = Job(
        releases=built(options), prune=options.prune, strict=options.strict, json=options.json
    )
    return apply(session, open_target(options, session), job)
