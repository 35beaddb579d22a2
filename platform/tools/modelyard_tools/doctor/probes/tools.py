"""nuctl, Nuclio's client."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from modelyard_tools.doctor.facts import Tools
from modelyard_tools.doctor.probes.shell import ask


def tools(env: Mapping[str, str]) -> Tools:
    """Return nuctl's version, if installed, and the kubeconfig that it would find."""
    said = ask(["nuctl", "version"])
    return Tools(
        nuctl=version_of(said.out) if said else None,
        kubeconfig=_kubeconfig(env),
        nuctl_platform=env.get("NUCTL_PLATFORM") or None,
    )


def version_of(text: str) -> str | None:
    """Return the version in the output of `nuctl version`."""
    found = re.search(r"Label: ([\w.-]+)", text) or re.search(r"\d+\.\d+\.\d+[\w.-]*", text)
    return (found[1] if found.lastindex else found[0]) if found else None


def _kubeconfig(env: Mapping[str, str]) -> str | None:
    named = [path for path in env.get("KUBECONFIG", "").split(os.pathsep) if path]
    home = Path(env.get("HOME") or "~").expanduser()
    for path in (*map(Path, named), home / ".kube" / "config"):
        if path.is_file():
            return str(path)
    return None
