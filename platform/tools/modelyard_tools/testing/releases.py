"""Releases that are small but real: their code runs in real worker processes."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract.function_types import DETECTOR
from modelyard_contract.limits import AVAILABILITY_TIMEOUT, MIB
from modelyard_contract.nuclio import (
    API_VERSION,
    CVAT_PROJECT,
    FUNCTION_KIND,
    PROJECT_LABEL,
    RUNTIME,
)
from modelyard_contract.release import ASSETS, MANIFEST, MANIFEST_SCHEMA, MODEL, WEIGHTS
from modelyard_tools.home.folders import Home

# Answers with the request, and does what the path says. `version` distinguishes releases.
HANDLER: Final = """
import json
import os
import time

VERSION = "{version}"


def init_context(context):
    print("loading", VERSION, flush=True)


def handler(context, event):
    if event.path == "/slow":
        time.sleep(float(event.fields["seconds"]))
    if event.path == "/crash":
        os._exit(3)
    if event.path == "/print":
        print(event.fields["text"], flush=True)
    seen = {{
        "version": VERSION,
        "pid": os.getpid(),
        "method": event.method,
        "path": event.path,
        "headers": event.headers,
        "size": len(event.body),
        "greeting": os.environ.get("GREETING"),
        "gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }}
    return context.Response(
        body=json.dumps(seen),
        headers={{"x-nuclio-secret": "s", "x-kept": "k"}},
        content_type="application/json",
        status_code=200,
    )
"""
DEPS_DIGEST: Final = "de" * 32


class FakeRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A release of the function `name`: the module `tiny` with the text `source`."""

    name: str
    port: int
    source: str = HANDLER.format(version="1")
    variant: str = "cpu"
    type: str = DETECTOR
    handler: str = "tiny:handler"
    blocked: str | None = None
    deps: str = "deps/test.pex"
    deps_digest: str = DEPS_DIGEST
    workers: int = 1
    max_body: int = MIB
    idle_timeout: float | None = None
    limits: dict[str, str] = {}
    gpus: int = 0
    gpu_memory: int | None = None
    env: dict[str, str] = {}
    model: dict[str, Any] = {}
    annotations: dict[str, str] = {}
    licence: str = ""
    origin: str = ""

    @property
    def digest(self) -> str:
        """Digest of everything above."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def manifest(self) -> dict[str, Any]:
        """Return the content of manifest.json."""
        spec = msgspec.structs.replace(self, source="")
        parts = {
            "deps": self.deps_digest,
            "srcs": hashlib.sha256(self.source.encode()).hexdigest(),
            "assets": hashlib.sha256(msgspec.json.encode(self.model)).hexdigest(),
            "spec": spec.digest,
        }
        return {
            "schema": MANIFEST_SCHEMA,
            "name": self.name,
            "variant": self.variant,
            "type": self.type,
            "digest": self.digest,
            "parts": parts,
            "blocked": self.blocked,
            "resolve": "test",
            "deps": self.deps,
            "port": self.port,
            "licence": self.licence,
            "origin": self.origin,
            "gpus": self.gpus,
            "gpu_memory": self.gpu_memory,
            "idle_timeout": self.idle_timeout,
        }

    def config(self) -> dict[str, Any]:
        """Return the Nuclio configuration, without what the deployer adds to it."""
        return {
            "apiVersion": API_VERSION,
            "kind": FUNCTION_KIND,
            "metadata": {
                "name": self.name,
                "labels": {PROJECT_LABEL: CVAT_PROJECT},
                "annotations": {
                    "name": self.name.title(),
                    "type": self.type,
                    "spec": json.dumps(self.model.get("labels", [])),
                    **self.annotations,
                },
            },
            "spec": {
                "description": f"the function {self.name}",
                "handler": self.handler,
                "runtime": RUNTIME,
                "image": f"modelyard/{self.name}:{self.digest}",
                "resources": {"limits": self.limits},
                "env": [{"name": key, "value": value} for key, value in self.env.items()],
                "triggers": {
                    "http": {
                        "kind": "http",
                        "numWorkers": self.workers,
                        "workerAvailabilityTimeoutMilliseconds": round(AVAILABILITY_TIMEOUT * 1000),
                        "attributes": {"port": self.port, "maxRequestBodySize": self.max_body},
                    }
                },
            },
        }

    def write_sources(self, folder: Path) -> None:
        """Write the module `tiny` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tiny.py").write_text(self.source)

    def write_assets(self, folder: Path) -> None:
        """Write the model's description and its only weights file into `folder`."""
        (folder / WEIGHTS).mkdir(parents=True)
        (folder / WEIGHTS / "tiny.bin").write_bytes(b"weights")
        (folder / MODEL).write_text(json.dumps(self.model))


def install(home: Home, release: FakeRelease) -> None:
    """Install `release` like the deployer."""
    home.prepare()
    folder = home.releases / release.digest
    folder.mkdir()
    release.write_sources(folder / "srcs")
    release.write_assets(folder / ASSETS)
    (folder / MANIFEST).write_text(json.dumps(release.manifest()))
    environment = home.deps / release.deps_digest
    if not environment.exists():
        make_environment(environment)


# Read before any test changes the working directory: Pants sets relative paths.
_SEARCH_PATH: Final = tuple(os.path.abspath(path) for path in sys.path if path)


def absolute_search_path() -> list[str]:
    """This process's module search path, as paths that are valid in other working directories."""
    return list(_SEARCH_PATH)


def make_environment(folder: Path) -> None:
    """Make a Python environment with all modules of the running one."""
    packages = folder / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "test.pth").write_text("\n".join(absolute_search_path()))
    python = Path(sys.executable).resolve()
    (folder / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(python)
