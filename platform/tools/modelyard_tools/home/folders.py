"""The folder that holds everything the embedded platform keeps."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from modelyard_contract.variables import HOME
from modelyard_tools.errors import ToolError


class HomeError(ToolError):
    """The home folder cannot be used; the text says why and what to do."""


class Home(msgspec.Struct, frozen=True):
    """Names of the files and folders under `root`. Only `prepare` touches the disk."""

    root: Path

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Take $MODELYARD_HOME, else `modelyard` in $XDG_STATE_HOME, else in ~/.local/state."""
        env = os.environ if env is None else env
        if env.get(HOME):
            return cls(Path(env[HOME]).expanduser().absolute())
        state = env.get("XDG_STATE_HOME") or "~/.local/state"
        return cls(Path(state).expanduser().absolute() / "modelyard")

    def prepare(self) -> None:
        """Create missing folders, accessible to their owner only.

        Raises:
            HomeError: the home is not a folder or not writable.
        """
        folders = (
            self.platforms,
            self.deps,
            self.releases,
            self.compiled,
            self.functions,
            self.logs,
        )
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise HomeError(
                f"cannot write to {self.root}: {error.strerror}; "
                f"make it writable, or name another folder in {HOME}"
            ) from None

    @property
    def platforms(self) -> Path:
        """Environments of the platform itself, one per digest."""
        return self.root / "platform"

    @property
    def deps(self) -> Path:
        """Environments of functions, one per digest of their dependencies."""
        return self.root / "deps"

    @property
    def releases(self) -> Path:
        """Releases, one per digest: manifest.json, function.yaml, srcs/, assets/."""
        return self.root / "releases"

    @property
    def compiled(self) -> Path:
        """Models compiled by their runtime, one folder per digest of a release's assets."""
        return self.root / "compiled"

    @property
    def functions(self) -> Path:
        """The platform's records of functions, one JSON file each."""
        return self.root / "state" / "functions"

    @property
    def projects(self) -> Path:
        """The projects that functions belong to."""
        return self.root / "state" / "projects.json"

    @property
    def logs(self) -> Path:
        """The platform's log and one per function."""
        return self.root / "logs"

    @property
    def platform_log(self) -> Path:
        """The log of the platform itself."""
        return self.logs / "platform.log"

    def function_log(self, name: str) -> Path:
        """What the workers of function `name` print."""
        return self.logs / f"{name}.log"

    @property
    def platform_json(self) -> Path:
        """The running platform: see `modelyard_tools.home.running`."""
        return self.root / "platform.json"

    @property
    def platform_lock(self) -> Path:
        """Held by the running platform."""
        return self.root / "platform.lock"

    @property
    def deploy_lock(self) -> Path:
        """Held by a running deployer."""
        return self.root / "deploy.lock"
