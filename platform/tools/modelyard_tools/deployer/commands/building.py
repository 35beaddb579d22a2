"""Options shared by the commands that work on the output of a build."""

import argparse
from pathlib import Path

from modelyard_tools.deployer.core.errors import UsageError


def built(options: argparse.Namespace) -> Path:
    """Return the folder with the releases.

    Raises:
        UsageError: the command line does not name it.
    """
    if options.releases is None:
        raise UsageError(f"{options.command} needs --releases, the folder that a build produces")
    folder: Path = options.releases
    return folder


def source_roots(options: argparse.Namespace) -> list[Path]:
    """Return the folders of the working copy that modules are imported from.

    Raises:
        UsageError: the command line names none.
    """
    if not options.source_root:
        raise UsageError(f"{options.command} needs --source-root, the source folders")
    folders: list[Path] = options.source_root
    return folders


def add_prune(parser: argparse.ArgumentParser) -> None:
    """Add `--prune` to a command."""
    parser.add_argument(
        "--prune", action="store_true", help="remove functions that are not in this build"
    )
