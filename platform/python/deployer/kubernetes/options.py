"""The options of a cluster as a target."""

import argparse
from pathlib import Path
from typing import Final

NAMESPACE: Final = "nuclio"


def add_options(group: argparse._ArgumentGroup) -> None:
    """Add `--namespace`, `--context` and `--cluster`."""
    group.add_argument(
        "--namespace", default=NAMESPACE, help=f"kubernetes: Nuclio's (default {NAMESPACE})"
    )
    group.add_argument("--context", default="", help="kubernetes: default: kubectl's current one")
    add_cluster(group)


def add_cluster(group: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Add `--cluster`."""
    group.add_argument(
        "--cluster", type=Path, metavar="FILE", help="kubernetes: settings, see docs/kubernetes.md"
    )
