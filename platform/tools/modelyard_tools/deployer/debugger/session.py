"""What debugging has in common, wherever the function runs."""

import json
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from modelyard_contract.ports import EVENTS
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.debugger.launch import FILE, configuration, write_launch
from modelyard_tools.deployer.debugger.startup import Debugger

_PATIENCE: Final = 5.0


class Debugging(msgspec.Struct, frozen=True, kw_only=True):
    """One release under a debugger, with the working copy's modules, from `source_roots`.

    `port` is the function's on this machine; unused on Nuclio.
    """

    session: Session
    release: BuiltRelease
    source_roots: Sequence[Path]
    debugger: Debugger
    port: int

    @property
    def name(self) -> str:
        """The function's name."""
        return self.release.manifest.name

    def announce(self, address: tuple[str, int], folders: Mapping[Path, str]) -> None:
        """Print where the debugger listens, and set up the editor; see `launch.configuration`."""
        workspace = Path.cwd()
        entry = configuration(self.name, address, workspace, folders)
        if write_launch(workspace, entry):
            how = f"in VS Code run `{entry['name']}` ({FILE})"
        else:
            how = f"{FILE} is yours; add this to its configurations:\n{json.dumps(entry, indent=4)}"
        self.session.report.line(f"debugpy listens on {address[0]}:{address[1]}; {how}")


def end_like_ctrl_c() -> None:
    """Make SIGTERM act like Ctrl-C, so that nothing is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def can_be_reached(host: str) -> bool:
    """Whether this machine can reach a container at its own address.

    The debugger's port is no use for this: debugpy takes any client for the editor.
    """
    try:
        socket.create_connection((host, EVENTS), timeout=_PATIENCE).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True
