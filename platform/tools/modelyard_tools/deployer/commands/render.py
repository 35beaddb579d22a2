"""`render`: the objects of a cluster, as files."""

# ruff: noqa: PLC0415 - see `modelyard_tools.deployer.commands`

import argparse
from pathlib import Path

from modelyard_contract.nuclio import DEFAULT_NAMESPACE
from modelyard_tools.deployer.commands.building import built
from modelyard_tools.deployer.core.command import Session, Subparsers, add_json
from modelyard_tools.deployer.kubernetes.options import add_cluster

_FAILED = 1


def add_parser(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "render", help="write the objects of a Kubernetes cluster into a folder for kustomize"
    )
    parser.set_defaults(run=run)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--namespace",
        default=DEFAULT_NAMESPACE,
        help=f"Nuclio's namespace (default {DEFAULT_NAMESPACE})",
    )
    add_json(parser)
    add_cluster(parser)


def run(options: argparse.Namespace, session: Session) -> int:
    """Write what `apply --to kubernetes` would apply; exit with 1 if one cannot be written."""
    from modelyard_tools.deployer.core.releases import read_releases
    from modelyard_tools.deployer.kubernetes.layout import layout_of, write_layout
    from modelyard_tools.deployer.kubernetes.pinning import pinned
    from modelyard_tools.deployer.kubernetes.settings import read_cluster

    releases = [each for each in read_releases(built(options)) if not each.manifest.blocked]
    layout, kept = pinned(layout_of(releases, read_cluster(options.cluster), options.namespace))
    for line in kept:
        session.report.error(line)
    write_layout(options.folder, layout)
    code = _FAILED if layout.failures else 0
    if options.json:
        session.show_json({"rendered": sorted(layout.functions), "failures": layout.failures})
        return code
    for name, reason in layout.failures.items():
        session.report.error(f"{name}: {reason}")
    session.report.line(
        f"{len(layout.functions)} functions written to {options.folder}; "
        f"kubectl apply --server-side --force-conflicts -k {options.folder}"
    )
    return code
