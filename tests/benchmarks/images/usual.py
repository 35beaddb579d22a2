"""Images as built from CVAT's function.yaml files: a Dockerfile with apt and pip steps."""

import os
import shutil
from pathlib import Path
from typing import Final

from benchmarks.images.engine import docker, layers_of, run
from benchmarks.images.ours import FOLDER, Ours

# The result of `build.directives` in a function.yaml. Nothing is reused from other builds.
_DIRECTIVES: Final = """\
FROM {base}
ENV WAY={way} PIP_BREAK_SYSTEM_PACKAGES=1
RUN apt-get update && apt-get install --yes --no-install-recommends libglib2.0-0 \\
 && rm -rf /var/lib/apt/lists/*
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \\
    PIP_CONFIG_FILE=/run/secrets/pip PIP_CERT=/run/secrets/ca \\
    pip install --no-cache-dir {requirements}
COPY weights /opt/nuclio/weights
"""
_CODE: Final = """\
COPY code /opt/nuclio
WORKDIR /opt/nuclio
"""
# Nuclio's additions before and after the code: its builder's template and the directives of its
# Python runtime, as of 1.13. The processor itself is left out.
_WHEELS: Final = "/opt/nuclio/whl"
_SUPPLIED: Final = f"COPY whl {_WHEELS}\n"
_OFFLINE: Final = f"--no-index --find-links {_WHEELS}"
_AFTER: Final = f"""\
RUN python3 {_WHEELS}/$(basename {_WHEELS}/pip-*.whl)/pip install pip {_OFFLINE} \\
 && python3 -m pip install nuclio-sdk msgpack {_OFFLINE}
"""
_ALONE: Final = _DIRECTIVES + _CODE
_AS_NUCLIO: Final = _DIRECTIVES + _SUPPLIED + _CODE + _AFTER
# As in Nuclio's onbuild image.
_SUPPLIED_WHEELS: Final = ("pip", "nuclio-sdk", "msgpack")
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout")


class Usual:
    """`docker build` with BuildKit, one folder per function."""

    def __init__(
        self, ours: Ours, base: str, scratch: Path, functions: list[str], *, nuclio: bool
    ) -> None:
        """Write the folders: weights, code and requirements are those of our own images.

        `nuclio`: with the steps that Nuclio adds on `nuctl deploy`, as used by CVAT's scripts.
        """
        docker("builder", "prune", "--all", "--force")
        self._base = base
        self._dockerfile = _AS_NUCLIO if nuclio else _ALONE
        self._folder = scratch / ("nuclio" if nuclio else "alone")
        self._secrets = _secrets(scratch)
        self._requirements = {name: _requirements(ours, name) for name in functions}
        parts = ("assets", "srcs")
        targets = [f"{FOLDER}/{name}#cpu-{part}" for name in functions for part in parts]
        ours.pants("package", *targets)
        supplied = _supplied(scratch) if nuclio else None
        for name in functions:
            self._write(ours.folder, name, supplied)

    def build(self, *functions: str) -> None:
        """Build the images of these functions."""
        for function in functions:
            folder = self._folder / function
            requirements = " ".join(f"'{item}'" for item in self._requirements[function])
            (folder / "Dockerfile").write_text(
                self._dockerfile.format(
                    base=self._base, way=self._folder.name, requirements=requirements
                )
            )
            # As Nuclio does.
            command = ["build", "--network=host", *self._secrets]
            docker(*command, "--tag", self._tag(function), str(folder))

    def add_requirement(self, function: str, requirement: str) -> None:
        """Add a package."""
        self._requirements[function].append(requirement)

    def handler(self, function: str) -> Path:
        """Return the file of a function's class."""
        return self._folder / function / "code" / function / "handler.py"

    def layers(self, function: str) -> dict[str, int]:
        """Return the layers of the function's image in the engine: bytes by digest."""
        return layers_of(self._tag(function))

    def _tag(self, function: str) -> str:
        return f"{self._folder.name}/{function}"

    def _write(self, repository: Path, function: str, supplied: Path | None) -> None:
        packaged = repository / "dist" / function.replace("_", "-") / "cpu"
        shutil.copytree(packaged / "assets/weights", self._folder / function / "weights")
        own = shutil.ignore_patterns("__main__.py", "__pex__", "PEX-INFO")
        shutil.copytree(packaged / "srcs.pex", self._folder / function / "code", ignore=own)
        if supplied:
            shutil.copytree(supplied, self._folder / function / "whl")


def _supplied(scratch: Path) -> Path:
    """Fetch the wheels in Nuclio's onbuild image; return their folder."""
    folder = scratch / "whl"
    command = ["-m", "pip", "download", "--quiet", "--no-deps", "--python-version=3.11"]
    run("python3", *command, "--dest", str(folder), *_SUPPLIED_WHEELS)
    return folder


def _requirements(ours: Ours, function: str) -> list[str]:
    """Return the requirements of the function's imports, as pinned by the repository."""
    listed = ours.pants("dependencies", "--transitive", f"{FOLDER}/{function}#cpu-srcs")
    names = {line.rpartition("#")[2] for line in listed.splitlines() if ":reqs#" in line}
    asked = (ours.folder / "3rdparty/python/openvino/openvino.in").read_text().splitlines()
    lines = (line.partition("#")[0].strip() for line in asked)
    return [line for line in lines if line.split("<")[0].split("=")[0] in names]


def _secrets(scratch: Path) -> list[str]:
    """Return the options that give pip this machine's index and certificates during a build."""
    found = dict(
        line.split("=", 1) for line in run("python3", "-m", "pip", "config", "list").splitlines()
    )
    settings = {name.rpartition(".")[2]: value.strip("'") for name, value in found.items()}
    # Folders of this machine are not visible in the build.
    lines = [
        f"{name} = {settings[name]}"
        for name in _PIP_SETTINGS
        if name in settings and not settings[name].startswith("file:")
    ]
    configuration = scratch / "pip.conf"
    configuration.write_text("\n".join(["[global]", *lines, ""]))
    certificates = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    return [f"--secret=id=pip,src={configuration}", f"--secret=id=ca,src={certificates}"]
