"""The options of Nuclio as a target, and what they choose."""

# ruff: noqa: PLC0415 - only the chosen way is loaded

import argparse
import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from modelyard_contract.ports import DASHBOARD
from modelyard_contract.variables import NUCLIO_DASHBOARD
from modelyard_tools.deployer.core.errors import DeployError, UsageError
from modelyard_tools.errors import ToolError

if TYPE_CHECKING:
    from modelyard_tools.deployer.nuclio.api import Api

_DEFAULT_URL: Final = f"http://127.0.0.1:{DASHBOARD}"
_AUTO, _REST, _NUCTL = "auto", "rest", "nuctl"


def add_options(group: argparse._ArgumentGroup) -> None:
    """Add `--via` and `--dashboard`."""
    group.add_argument(
        "--via",
        choices=(_AUTO, _REST, _NUCTL),
        default=_AUTO,
        help="nuclio: use its dashboard or nuctl (default: the dashboard, if one answers)",
    )
    group.add_argument(
        "--dashboard",
        metavar="URL",
        default=os.environ.get(NUCLIO_DASHBOARD) or _DEFAULT_URL,
        help=f"nuclio: its dashboard (default ${NUCLIO_DASHBOARD}, else {_DEFAULT_URL})",
    )


def connect(via: str, dashboard: str) -> "Api":
    """Return the requested way to Nuclio, or the first one that works.

    Raises:
        DeployError: it is not found.
        UsageError: `dashboard` is not a URL.
    """
    from modelyard_tools.deployer.nuclio.nuctl import NuctlApi, find_nuctl
    from modelyard_tools.deployer.nuclio.rest import RestApi

    rest = RestApi(_address(dashboard))
    if via == _REST:
        rest.check()
        return rest
    nuctl = find_nuctl()
    if via == _AUTO:
        try:
            rest.check()
        except ToolError:
            if nuctl is None:
                raise
        else:
            return rest
    if nuctl is None:
        raise DeployError("nuctl not found on the PATH; use the dashboard, with --via rest")
    return NuctlApi(nuctl)


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, 0
    if parts.scheme != "http" or not host:
        raise UsageError(f"{url!r} is not the URL of a dashboard; write it like {_DEFAULT_URL}")
    return host, port
