"""A copy of the launcher on a simulated machine: the test controls PATH, home and Pythons."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from launcher import fake_python

HERE = Path.cwd()  # The repository's root, or Pants' sandbox of it.
TOOLS = """
    bash cat chmod cp env flock grep head ln mkdir mv readlink rm sed sha256sum shasum sleep sort
    sh tail touch uname
"""
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/bin", "/usr/bin", "/bin"])


@dataclass
class Answer:
    """The outcome of one launcher call; `pants` is what reached Pants, if anything."""

    code: int
    stderr: str
    pants: dict[str, Any] | None

    def reached(self) -> dict[str, Any]:
        if self.pants is None:
            pytest.fail(f"Pants was not reached: {self.stderr}")
        return self.pants

    @property
    def arguments(self) -> list[str]:
        arguments: list[str] = self.reached()["arguments"]
        return arguments

    @property
    def environment(self) -> dict[str, str]:
        environment: dict[str, str] = self.reached()["environment"]
        return environment

    @property
    def cwd(self) -> Path:
        return Path(self.reached()["cwd"])

    @property
    def sentences(self) -> list[str]:
        return self.stderr.splitlines()


@dataclass
class Machine:
    """A repository with the launcher, a home, and a PATH with only what tests put on it."""

    root: Path
    repository: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def stand_ins(self) -> Path:
        """The repository's wheels."""
        return self.repository / "3rdparty/python/wheels"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def log(self) -> Path:
        return self.root / "log.jsonl"

    def environment(self, **variables: str | Path) -> dict[str, str]:
        settled = {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "FAKE_LOG": str(self.log),
        }
        return settled | self.variables | {name: str(value) for name, value in variables.items()}

    def command(self, *arguments: str, launcher: Path | str | None = None) -> list[str]:
        return [str(launcher or self.repository / "pants"), *arguments]

    def call(
        self,
        *arguments: str,
        cwd: Path | str | None = None,
        launcher: Path | str | None = None,
        **variables: str | Path,
    ) -> Answer:
        completed = subprocess.run(  # noqa: S603 - the launcher under test
            self.command(*arguments, launcher=launcher),
            cwd=cwd or self.repository,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )
        pants = json.loads(completed.stdout) if completed.stdout else None
        return Answer(completed.returncode, completed.stderr, pants)

    def install(self, name: str, text: str) -> None:
        """Puts a shell script on PATH."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def calls(self, *start: str) -> list[dict[str, Any]]:
        """The recorded calls of fake Pythons with arguments that begin with `start`."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if entry["arguments"][: len(start)] == list(start)]

    def prepared(self, cache: Path | None = None) -> list[Path]:
        """The folders that the launcher created in a cache."""
        return sorted(((cache or self.home / ".cache" / "modelyard") / "pants").glob("*"))


@pytest.fixture
def make_machine(tmp_path: Path) -> Callable[..., Machine]:
    def make(repository: str = "repository", without: tuple[str, ...] = ()) -> Machine:
        machine = Machine(tmp_path, tmp_path / repository)
        shutil.copytree(HERE / "platform/launcher", machine.repository / "platform/launcher")
        shutil.copy(HERE / "pants", machine.repository / "pants")
        shutil.copy(HERE / "pants.toml", machine.repository / "pants.toml")
        machine.stand_ins.mkdir(parents=True)
        machine.bin.mkdir()
        machine.home.mkdir()
        for tool in TOOLS.split():
            found = shutil.which(tool, path=SEARCHED)
            if found and tool not in without:
                (machine.bin / tool).symlink_to(found)
        for name in ("python3.9", "python3.11"):
            if name not in without:
                machine.install(name, f'exec "{sys.executable}" "{fake_python.__file__}" "$0" "$@"')
        return machine

    return make


@pytest.fixture
def machine(make_machine: Callable[..., Machine]) -> Machine:
    return make_machine()
