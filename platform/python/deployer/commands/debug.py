"""`debug`: one function in the foreground, with a debugger."""

# ruff: noqa: PLC0415 - see `deployer.commands`

import argparse
import json
from pathlib import Path

from deployer.command import Session, Subparsers
from deployer.commands.building import built, source_roots
from deployer.errors import UsageError

_PORT = 5678


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "debug", help="serve one function here with debugpy, one worker and no time-out"
    )
    parser.set_defaults(run=run)
    parser.add_argument("name")
    parser.add_argument(
        "--port", type=int, default=8081, help="of the function, on loopback (default 8081)"
    )
    parser.add_argument(
        "--debug-port", type=int, default=_PORT, help=f"of the debugger (default {_PORT})"
    )
    parser.add_argument(
        "--wait", action="store_true", help="load nothing before an editor has attached"
    )


def run(options: argparse.Namespace, session: Session) -> int:
    """Serve until Ctrl-C; an editor may attach at any time."""
    from deployer.debugger.launch import FILE, configuration, write_launch
    from deployer.debugger.startup import HOST, Debugger
    from deployer.develop import Development, serve

    if options.debugger_pex is None:
        raise UsageError("debug needs --debugger-pex, which a build has made")
    roots = source_roots(options)
    workspace = Path.cwd()
    entry = configuration(options.name, options.debug_port, workspace, roots)
    if write_launch(workspace, entry):
        how = f"in VS Code run `{entry['name']}` ({FILE})"
    else:
        how = f"{FILE} is yours; add to its configurations:\n{json.dumps(entry, indent=4)}"
    session.report.line(f"debugpy listens on {HOST}:{options.debug_port}; {how}")
    return serve(
        Development(
            session=session,
            releases=built(options),
            source_roots=roots,
            port=options.port,
            name=options.name,
            debugger=Debugger(pex=options.debugger_pex, port=options.debug_port, wait=options.wait),
        )
    )
