"""`logs`: the log of a function."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.core.command import Session, Subparsers
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("logs", help="show the log of a function, or of the `platform`")
    parser.set_defaults(run=run)
    parser.add_argument("name")
    parser.add_argument("-f", "--follow", action="store_true", help="keep printing new lines")
    parser.add_argument("-n", "--lines", type=int, default=100, help="how many lines (default 100)")
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Print the end of the log; with `--follow`, keep printing."""
    from modelyard_tools.deployer.targets import open_target

    target = open_target(options, session)
    target.logs(options.name, lines=options.lines, follow=options.follow)
    return 0
