"""`serve`: one function in the foreground."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse

from modelyard_tools.deployer.commands.building import built, source_roots
from modelyard_tools.deployer.core.command import Session, Subparsers


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="serve one function here, and reload it on edits")
    parser.set_defaults(run=run)
    parser.add_argument(
        "--port", type=int, default=8081, help="port on the loopback interface (default 8081)"
    )


def run(options: argparse.Namespace, session: Session) -> int:
    """Serve until Ctrl-C."""
    from modelyard_tools.deployer.core.releases import only_release
    from modelyard_tools.deployer.development.foreground import Development, serve

    return serve(
        Development(
            session=session,
            release=only_release(built(options)),
            source_roots=source_roots(options),
            port=options.port,
            labels=options.labels,
        )
    )
