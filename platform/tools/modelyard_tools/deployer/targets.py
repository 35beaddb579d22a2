"""`--to`: the choice of the target."""

# ruff: noqa: PLC0415 - only the chosen target is loaded

import argparse
import os
from typing import Final

from modelyard_contract import variables
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.errors import UsageError
from modelyard_tools.deployer.core.target import Target
from modelyard_tools.deployer.kubernetes import options as kubernetes_options
from modelyard_tools.deployer.nuclio import options as nuclio_options

EMBEDDED: Final = "embedded"
NUCLIO: Final = "nuclio"
KUBERNETES: Final = "kubernetes"
TARGETS: Final = (EMBEDDED, NUCLIO, KUBERNETES)


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add `--to` and the targets' own options to a command."""
    group = parser.add_argument_group("where to")
    group.add_argument(
        "--to",
        choices=TARGETS,
        default=os.environ.get(variables.TARGET) or EMBEDDED,
        help=f"default: ${variables.TARGET}, else {EMBEDDED}",
    )
    nuclio_options.add_options(group)
    kubernetes_options.add_options(group)


def open_target(options: argparse.Namespace, session: Session) -> Target:
    """Return the target that the command line, else the environment, selects.

    Raises:
        UsageError: there is no such target.
    """
    verbose = getattr(options, "verbose", False)
    match options.to:
        case "embedded":
            from modelyard_tools.deployer.embedded.target import EmbeddedTarget, chosen_code

            return EmbeddedTarget(session, chosen_code(options.platform_pex), verbose=verbose)
        case "nuclio":
            from modelyard_tools.deployer.nuclio.target import NuclioTarget

            api = nuclio_options.connect(options.via, options.dashboard)
            return NuclioTarget(session, api, verbose=verbose)
        case "kubernetes":
            from modelyard_tools.deployer.kubernetes.kubectl import Kubectl
            from modelyard_tools.deployer.kubernetes.settings import read_cluster
            from modelyard_tools.deployer.kubernetes.target import KubernetesTarget

            cluster = read_cluster(options.cluster)
            return KubernetesTarget(session, Kubectl(options.namespace, options.context), cluster)
        case other:
            # argparse checks the command line, but not its defaults.
            raise UsageError(
                f"{variables.TARGET} is {other!r}; it must be one of: {', '.join(TARGETS)}"
            )
