"""Images built by this repository, in a clone with its own caches."""

import os
import signal
from pathlib import Path

from benchmarks.images.engine import layers_of, run

FOLDER = "functions/openvino"


class Ours:
    """`./pants publish …#cpu-image` to the engine, starting with empty caches."""

    def __init__(self, repository: Path, scratch: Path) -> None:
        """Clone `repository` to a folder in `scratch`."""
        self.folder = scratch / "clone"
        run("git", "clone", "--quiet", str(repository), str(self.folder))
        self._env = {
            "PANTS_MODELYARD_IMAGE_REGISTRIES": "['docker-daemon:']",
            "PANTS_LOCAL_STORE_DIR": str(scratch / "store"),
            "PANTS_NAMED_CACHES_DIR": str(scratch / "named"),
            # Pex keeps wheels in the user's home, whatever Pants configures.
            "PANTS_SUBPROCESS_ENVIRONMENT_ENV_VARS": f"+['HOME={scratch}']",
        }

    def set_up(self) -> None:
        """Do the one-time set-up of a machine."""
        self.pants("run", "platform/images:base", "--", "load")
        self._lock()

    def build(self, *functions: str) -> None:
        """Load the images of these functions, given by their folders' names, into the engine."""
        self.pants("publish", *(f"{FOLDER}/{function}#cpu-image" for function in functions))

    def add_requirement(self, function: str, requirement: str) -> None:
        """Add a package as an author does: to the requirements, then to the lock."""
        del function  # All functions of a resolve have the same.
        asked = self.folder / "3rdparty/python/openvino/openvino.in"
        asked.write_text(f"{asked.read_text()}{requirement}\n")
        self._lock()

    def handler(self, function: str) -> Path:
        """Return the file of a function's class."""
        return self.folder / FOLDER / function / "handler.py"

    def layers(self, function: str) -> dict[str, int]:
        """Return the layers of the function's image in the engine: bytes by digest."""
        return layers_of(f"modelyard/{function.replace('_', '-')}:cpu-standalone")

    def pants(self, *arguments: str) -> str:
        """Run Pants in the clone, with the clone's caches; return its output."""
        return run("./pants", *arguments, cwd=self.folder, env=self._env)

    def stop(self) -> None:
        """End the daemon."""
        for pid in self.folder.glob(".pids/*/pantsd/pid"):
            os.kill(int(pid.read_text()), signal.SIGTERM)

    def _lock(self) -> None:
        self.pants("run", "3rdparty/python:lock", "--", "openvino")
