"""`import`: deploy what `export` wrote."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
from pathlib import Path
from typing import Any

from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.core.errors import UsageError
from modelyard_tools.deployer.targets import add_target


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("import", help="deploy what export wrote")
    parser.set_defaults(run=run)
    parser.add_argument("file", type=Path)
    add_json(parser)
    add_target(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Deploy every configuration in the file; their releases or images must be available."""
    from modelyard_tools.deployer.core.alone import alone
    from modelyard_tools.deployer.core.apply import FAILED
    from modelyard_tools.deployer.targets import open_target

    configs = _read(options.file)
    target = open_target(options, session)
    with alone(session):
        failures = target.restore(configs)
    if options.json:
        session.show_json({"failures": failures, **target.status().for_programs()})
        return FAILED if failures else 0
    for config in configs:
        name = config["metadata"]["name"]
        session.report.line(f"{name}: {'failed' if name in failures else 'deployed'}")
    for name, why in failures.items():
        session.report.error(f"\n{name} was not deployed: {why}")
    return FAILED if failures else 0


def _read(file: Path) -> list[dict[str, Any]]:
    import msgspec

    class Metadata(msgspec.Struct):
        name: str

    class Config(msgspec.Struct):
        metadata: Metadata
        spec: dict[str, Any]

    try:
        content = file.read_bytes()
        msgspec.json.decode(content, type=list[Config])
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise UsageError(f"{file} was not written by export: {error}") from None
    configs: list[dict[str, Any]] = msgspec.json.decode(content)
    return configs
