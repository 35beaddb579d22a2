"""`export`: the configurations of deployed functions."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
import json
from pathlib import Path

from modelyard_tools.deployer.core.command import Session, Subparsers
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="write the configurations of deployed functions")
    parser.set_defaults(run=run)
    parser.add_argument("names", nargs="*", metavar="name", help="default: all functions")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Write a JSON array of configurations, which `import` reads."""
    from modelyard_tools.deployer.core.names import require
    from modelyard_tools.deployer.targets import open_target

    configs = open_target(options, session).export()
    for name in options.names:
        require(name, configs)
    chosen = [configs[name] for name in options.names or sorted(configs)]
    text = json.dumps(chosen, indent=1, ensure_ascii=False)
    if options.out is None:
        session.report.line(text)
        return 0
    try:
        options.out.write_text(f"{text}\n")
    except OSError as error:
        raise DeployError(f"cannot write {options.out}: {error.strerror}") from None
    session.report.line(f"{len(chosen)} functions written to {options.out}")
    return 0
