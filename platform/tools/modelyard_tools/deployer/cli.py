"""The command line of `./pants run ::deploy -- …`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from modelyard_contract.version import VERSION
from modelyard_tools.deployer.commands import (
    apply,
    debug,
    delete,
    doctor,
    export,
    invoke,
    logs,
    plan,
    prune,
    reconcile,
    render,
    restore,
    rollback,
    serve,
    status,
    stop,
)
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.errors import UsageError
from modelyard_tools.deployer.output.terminal import make_report
from modelyard_tools.errors import ToolError
from modelyard_tools.home.folders import Home

_COMMANDS: Final = (
    apply,
    plan,
    render,
    serve,
    debug,
    status,
    logs,
    invoke,
    delete,
    rollback,
    reconcile,
    export,
    restore,
    prune,
    doctor,
    stop,
)
_DEFAULT: Final = "apply"
_EXITS: Final = "exit codes: 0 done, 1 failed, 2 wrong usage, 3 a release is blocked (--strict)"
_INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parse(sys.argv[1:] if argv is None else argv)
    report = make_report()
    try:
        home = Home.from_env()
        home.prepare()
        code: int = options.run(options, Session(home, report))
    except UsageError as error:
        report.error(str(error))
        return 2
    except ToolError as error:
        report.error(str(error))
        return 1
    except KeyboardInterrupt:
        report.error("interrupted; run it again to continue, or `status` to see what is running")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has closed the pipe; nothing more may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line: first the build's own options, then the command and its options."""
    build = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    build.add_argument("--releases", type=Path, metavar="FOLDER")
    build.add_argument("--platform-pex", type=Path, metavar="PEX")
    build.add_argument("--debugger-pex", type=Path, metavar="PEX")
    build.add_argument("--source-root", type=Path, metavar="FOLDER", action="append", default=[])
    build.add_argument("--labels", type=Path, metavar="FILE")
    options, rest = build.parse_known_args(argv)
    if not rest or (rest[0].startswith("-") and rest[0] not in ("-h", "--help", "--version")):
        rest = [_DEFAULT, *rest]
    return _parser(build).parse_args(rest, options)


def _parser(build: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deploy",
        description="Deploy the functions that were built, and manage those that are deployed.",
        epilog=f"default command: {_DEFAULT}; {_EXITS}",
        parents=[build],
    )
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser
