"""`debug`: one function in the foreground, with a debugger."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
import os
from typing import TYPE_CHECKING

from modelyard_contract import variables
from modelyard_tools.deployer.commands.building import built, source_roots
from modelyard_tools.deployer.core.command import Session, Subparsers
from modelyard_tools.deployer.core.errors import UsageError
from modelyard_tools.deployer.nuclio import options as nuclio_options
from modelyard_tools.deployer.targets import EMBEDDED, NUCLIO

if TYPE_CHECKING:
    from modelyard_tools.deployer.debugger.session import Debugging

_PORT = 5678
_CONTAINER = "container"
_PLACES = (EMBEDDED, _CONTAINER, NUCLIO)


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "debug", help="serve one function under debugpy, with one worker and no timeout"
    )
    parser.set_defaults(run=run)
    parser.add_argument("name")
    parser.add_argument(
        "--port",
        type=int,
        default=8081,
        help="port of the function on loopback (default 8081); with Nuclio, it keeps its own",
    )
    parser.add_argument(
        "--debug-port", type=int, default=_PORT, help=f"port of the debugger (default {_PORT})"
    )
    parser.add_argument(
        "--wait", action="store_true", help="load nothing until an editor has attached"
    )
    group = parser.add_argument_group("where")
    group.add_argument(
        "--to",
        choices=_PLACES,
        default=os.environ.get(variables.TARGET) or EMBEDDED,
        help="where to run it: this process, its standalone image, or Nuclio "
        f"(default: ${variables.TARGET}, else {EMBEDDED})",
    )
    nuclio_options.add_options(group)


def run(options: argparse.Namespace, session: Session) -> int:
    """Serve until Ctrl-C; an editor may attach at any time."""
    match options.to:
        case "embedded":
            from modelyard_tools.deployer.debugger.here import debug_here

            return debug_here(_debugging(options, session))
        case "container":
            from modelyard_tools.deployer.debugger.in_container import debug_in_container

            return debug_in_container(_debugging(options, session))
        case "nuclio":
            return _on_nuclio(options, session)
        case _:
            raise UsageError(
                f"debug does not support {options.to}; it supports: {', '.join(_PLACES)} "
                "(for a cluster see docs/debug.md)"
            )


def _on_nuclio(options: argparse.Namespace, session: Session) -> int:
    from modelyard_tools.deployer.debugger.on_nuclio import NuclioDebugging
    from modelyard_tools.deployer.nuclio.target import NuclioTarget

    if options.wait:
        raise UsageError("--wait does not work with Nuclio: its workers must start in two minutes")
    debugging = _debugging(options, session)
    api = nuclio_options.connect(options.via, options.dashboard)
    return NuclioDebugging(debugging, NuclioTarget(session, api)).run()


def _debugging(options: argparse.Namespace, session: Session) -> "Debugging":
    from modelyard_tools.deployer.core.releases import only_release
    from modelyard_tools.deployer.debugger.contained import ANY_HOST
    from modelyard_tools.deployer.debugger.session import Debugging
    from modelyard_tools.deployer.debugger.startup import HOST, Debugger

    if options.debugger_pex is None:
        raise UsageError("debug needs --debugger-pex, which a build produces")
    return Debugging(
        session=session,
        release=only_release(built(options), options.name),
        source_roots=source_roots(options),
        debugger=Debugger(
            pex=options.debugger_pex,
            port=options.debug_port,
            host=HOST if options.to == EMBEDDED else ANY_HOST,
            wait=options.wait,
        ),
        port=options.port,
    )
