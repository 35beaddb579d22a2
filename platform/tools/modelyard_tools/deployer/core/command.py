"""What every command is given, and how it adds itself to the command line."""

import argparse
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from modelyard_tools.deployer.output.report import Report
from modelyard_tools.home.folders import Home

if TYPE_CHECKING:
    Subparsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = Any


class Session(msgspec.Struct, frozen=True):
    """Where this deployer keeps its files, and what it tells people with."""

    home: Home
    report: Report

    def show_json(self, content: Any) -> None:
        """Show `content` for programs."""
        self.report.line(json.dumps(content, indent=2))


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give a command `--json`."""
    parser.add_argument("--json", action="store_true", help="for programs")
