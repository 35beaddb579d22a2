"""The options of a cluster as a target."""

import argparse
from pathlib import Path

from modelyard_contract.nuclio import DEFAULT_NAMESPACE


def add_options(group: argparse._ArgumentGroup) -> None:
    """Add `--namespace`, `--context` and `--cluster`."""
    group.add_argument(
        "--namespace",
        default=DEFAULT_NAMESPACE,
        help=f"kubernetes: Nuclio's namespace (default {DEFAULT_NAMESPACE})",
    )
    group.add_argument(
        "--context", default="", help="kubernetes: kubectl's context (default: the current one)"
    )
    add_cluster(group)


def add_cluster(group: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Add `--cluster`."""
    group.add_argument(
        "--cluster",
        type=Path,
        metavar="FILE",
        help="kubernetes: the cluster's settings; see docs/kubernetes.md",
    )
