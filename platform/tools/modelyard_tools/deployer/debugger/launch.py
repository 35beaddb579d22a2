"""VS Code's `launch.json`: how to attach to a function."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from modelyard_tools.files.atomic import write_atomically

FILE: Final = ".vscode/launch.json"
_VERSION: Final = "0.2.0"


def configuration(
    name: str, address: tuple[str, int], workspace: Path, folders: Mapping[Path, str]
) -> dict[str, Any]:
    """Return the entry for the function `name`, whose debugger listens on `address`.

    `folders` maps those of its modules to their paths in the debugger. Folders below the workspace
    are mapped relative to it, so that breakpoints are found whatever the workspace's folder is
    called on the editor's side.
    """
    host, port = address
    local = workspace.absolute()
    return {
        "name": f"Modelyard: {name}",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": host, "port": port},
        "justMyCode": False,
        "pathMappings": [_mapping(root.absolute(), at, local) for root, at in folders.items()],
    }


def write_launch(workspace: Path, entry: dict[str, Any]) -> bool:
    """Put an entry into the workspace's launch.json, replacing one of the same name.

    Returns whether it did: a file with more than plain JSON, such as comments, is left alone.
    """
    file = workspace / FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        entries = [each for each in content["configurations"] if each["name"] != entry["name"]]
    except FileNotFoundError:
        content, entries = {"version": _VERSION}, []
    except (OSError, ValueError, LookupError, TypeError):
        return False
    content["configurations"] = [*entries, entry]
    try:
        file.parent.mkdir(exist_ok=True)
        write_atomically(file, f"{json.dumps(content, indent=4)}\n".encode())
    except OSError:
        return False
    return True


def _mapping(root: Path, remote: str, workspace: Path) -> dict[str, str]:
    local = str(root)
    if root.is_relative_to(workspace):
        local = f"${{workspaceFolder}}/{root.relative_to(workspace)}"
    return {"localRoot": local, "remoteRoot": remote}
