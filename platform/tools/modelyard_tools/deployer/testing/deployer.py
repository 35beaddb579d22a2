"""A build's output, made of small releases, and the deployer as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from modelyard_contract import variables
from modelyard_contract.release import (
    ASSETS,
    CONFIG,
    DEPENDENCIES,
    INDEX,
    INDEX_SCHEMA,
    MANIFEST,
    RELEASES,
    SOURCES,
)
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease, absolute_search_path

# Replaces a packed PEX with tools: understands `venv FOLDER`, and counts the calls.
_PEX: Final = """
import os
import sys

if os.environ.get("PEX_TOOLS") != "1" or sys.argv[1] != "venv":
    sys.exit("this PEX only makes environments")
if {broken!r}:
    sys.exit({broken!r})
with open({counter!r}, "a") as counter:
    counter.write("x")
sys.path[:0] = {paths!r}

from pathlib import Path
from modelyard_tools.testing.releases import absolute_search_path, make_environment

make_environment(Path(sys.argv[2]))
"""


def write_pex(folder: Path, *, counter: Path, broken: str = "", info: str = "{}") -> None:
    """Make a folder that acts like a packed PEX; `broken` is the error it fails with."""
    folder.mkdir(parents=True)
    paths = absolute_search_path()
    (folder / "__main__.py").write_text(
        _PEX.format(counter=str(counter), paths=paths, broken=broken)
    )
    (folder / "PEX-INFO").write_text(info)


class Build:
    """A folder as produced by a build, with the releases in it."""

    def __init__(self, root: Path, releases: Sequence[FakeRelease], broken: str = "") -> None:
        self.root = root
        self._counter = root / "counter"
        write_pex(root / DEPENDENCIES / "test.pex", counter=self._counter, broken=broken)
        paths = [self._write(release) for release in releases]
        (root / INDEX).write_text(json.dumps({"schema": INDEX_SCHEMA, "releases": paths}))

    @property
    def environments_made(self) -> int:
        """How often the PEX of the dependencies was turned into an environment."""
        return len(self._counter.read_text()) if self._counter.exists() else 0

    def _write(self, release: FakeRelease) -> str:
        path = f"{RELEASES}/{release.name}/{release.variant}"
        folder = self.root / path
        release.write_assets(folder / ASSETS)
        (folder / MANIFEST).write_text(json.dumps(release.manifest()))
        (folder / CONFIG).write_bytes(msgspec.yaml.encode(release.config()))
        for name, content in (
            ("__main__.py", "raise SystemExit('not to be unpacked')"),
            ("PEX-INFO", "{}"),
            (".bootstrap/pex/__init__.py", ""),
            ("__pex__/__init__.py", ""),
            ("tiny.py", release.source),
        ):
            file = folder / SOURCES / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return f"{path}/{MANIFEST}"


class Deployer:
    """Runs `python -m modelyard_tools.deployer` in a process, as `./pants run ::deploy` does."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.port = free_port()
        self._folder = folder
        self._builds = 0

    def build(self, *releases: FakeRelease, broken: str = "") -> Build:
        """Make a build of `releases`; `broken` is the error its dependencies fail with."""
        self._builds += 1
        return Build(self._folder / f"build{self._builds}", releases, broken)

    def start(self, *arguments: str, build: Build | None = None) -> subprocess.Popen[str]:
        """Start the deployer."""
        given = ["--releases", str(build.root)] if build else []
        environment = {
            **os.environ,
            variables.HOME: str(self.home.root),
            variables.PORT: str(self.port),
            "PYTHONPATH": os.pathsep.join(absolute_search_path()),
        }
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "modelyard_tools.deployer", *given, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, build: Build | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run the deployer and wait until it ends, at most `timeout` seconds."""
        process = self.start(*arguments, build=build)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)
