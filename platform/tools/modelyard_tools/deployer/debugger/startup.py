"""debugpy in a worker, without changing the function or its image.

Python imports `sitecustomize` before anything else. A folder with ours, and debugpy itself, are
added to the worker's PYTHONPATH; the function's own dependencies stay as they are.
"""

import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from modelyard_tools.deployer.core.errors import DeployError

HOST: Final = "127.0.0.1"
# The name under which Python finds it.
STARTUP: Final = "sitecustomize.py"
# Where a loose PEX has its distributions.
_DISTRIBUTIONS: Final = ".deps"


class Debugger(msgspec.Struct, frozen=True, kw_only=True):
    """debugpy on a port of `host`, from a loose PEX. With `wait`, nothing is loaded until an
    editor has attached.
    """

    pex: Path
    port: int
    host: str = HOST
    wait: bool = False

    def environment(self, env: Mapping[str, str], scratch: Path) -> dict[str, str]:
        """Return a worker's `env` with the debugger; its start-up file is written to `scratch`.

        Raises:
            DeployError: the PEX does not contain debugpy.
        """
        distributions = self.distributions()
        (scratch / STARTUP).write_bytes(startup_file())
        paths = [str(scratch), *env.get("PYTHONPATH", "").split(os.pathsep)]
        search = os.pathsep.join([*filter(None, paths), *map(str, distributions)])
        return {**env, "PYTHONPATH": search, **self.variables()}

    def variables(self) -> dict[str, str]:
        """Return the variables that the start-up file reads."""
        given = {
            "MODELYARD_DEBUG_PORT": str(self.port),
            "MODELYARD_DEBUG_HOST": self.host,
            # Python 3.11 freezes its own modules, and the debugger would warn about that.
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        return {**given, **({"MODELYARD_DEBUG_WAIT": "1"} if self.wait else {})}

    def distributions(self) -> list[Path]:
        """Return the folders in which Python finds debugpy and what it needs.

        Raises:
            DeployError: the PEX does not contain debugpy.
        """
        found = sorted((self.pex / _DISTRIBUTIONS).glob("*"))
        if not any((folder / "debugpy").is_dir() for folder in found):
            raise DeployError(f"debugpy not found in {self.pex}; build again")
        return found


def startup_file() -> bytes:
    """Return the content of the file that makes debugpy listen."""
    return files("modelyard_tools.deployer.debugger").joinpath("sitecustomize.py.txt").read_bytes()
