"""What every command receives, and how it adds itself to the command line."""

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
    """Where this deployer keeps its files, and how it reports."""

    home: Home
    report: Report

    def show_json(self, content: Any) -> None:
        """Show `content` for programs."""
        self.report.line(json.dumps(content, indent=2))


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json` to a command."""
    parser.add_argument("--json", action="store_true", help="for programs")
