"""Our way of making a function's image against the usual one, side by side in one run.

    DOCKER_HOST=... python tests/benchmarks/images/compare.py --base IMAGE [--functions 5]

The usual one is a Dockerfile with the steps of `build.directives` in CVAT's function.yaml files:
apt packages, one `pip install`, the weights, the code. Its base has to have apt and pip; `--base`
names it (README.md makes one). The machine's package index and certificates reach pip as secrets of
the build.

Both start from nothing (no wheel, no layer; each fetches its own Debian packages) and end with the
image in the same engine. Then both build again after one line was added to the handler, and after
one requirement was added. At last, the bytes that functions of one framework take together.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FUNCTION = Path("functions/openvino/coco_ssd")
IMAGE = f"{FUNCTION}#cpu-image"
NAME = "modelyard/coco-ssd:cpu-standalone"
# What differs between functions of one framework: each asks for a little of its own.
EXTRAS = ("", "sortedcontainers", "attrs", "toolz", "idna", "packaging", "six", "certifi")

DOCKERFILE = """\
ARG BASE
FROM ${{BASE}}
RUN apt-get update && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 libgomp1 \\
 && rm -rf /var/lib/apt/lists/*
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \\
    PIP_CONFIG_FILE=/run/secrets/pip PIP_CERT=/run/secrets/ca \\
    pip install --no-cache-dir --break-system-packages {requirements}
COPY weights /opt/nuclio/weights
COPY . /opt/nuclio
WORKDIR /opt/nuclio
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--base", required=True)
    parser.add_argument("--functions", type=int, default=5, choices=range(1, len(EXTRAS) + 1))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rows = compare(options.base, options.functions, Path(scratch))
    print_table(rows)


def compare(base: str, functions: int, scratch: Path) -> list[tuple[str, str, str, str]]:
    """Return rows of the table: what, ours, theirs, ratio."""
    ours, theirs = Ours(scratch / "pants"), Dockerfile(base, scratch / "docker")
    rows = [timed("first build, s", ours.build, theirs.build)]
    with edited(FUNCTION / "handler.py", "# An edit.\n"):
        theirs.copy_code()
        rows.append(timed("after an edit of the handler, s", ours.build, theirs.build))
        rows.append(counted("  bytes that are new, MB", ours.new_bytes(), theirs.new_bytes()))
    ours.build()
    theirs.requirements.append("toolz")
    requirement = Path("3rdparty/python/openvino/openvino.in")
    with edited(requirement, "idna\n"):
        rows.append(timed("after a new requirement, s", ours.build, theirs.build))
    theirs.requirements.remove("toolz")
    mine, yours = ours.total(functions), theirs.total(functions)
    rows.append(counted(f"bytes of {functions} functions, MB", mine, yours))
    return rows


class Ours:
    """`./pants package` and our loader, in caches of their own that are empty at first."""

    def __init__(self, scratch: Path) -> None:
        self._pants = [
            "./pants",
            f"--local-store-dir={scratch / 'store'}",
            f"--named-caches-dir={scratch / 'named'}",
            f"--pants-workdir={scratch / 'work'}",
            f"--pants-subprocessdir={scratch / 'pids'}",
        ]
        self._layers: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def build(self) -> None:
        run(*self._pants, "run", IMAGE, "--", "load")
        self._before, self._layers = self._layers, engine_layers(NAME)

    def new_bytes(self) -> int:
        return new_bytes(self._before, self._layers)

    def total(self, functions: int) -> int:
        """What lies below the function itself is the same bytes, of which an engine keeps one."""
        sizes = list(self._layers.values())
        shared, own = sum(sizes[:-3]), sum(sizes[-3:])
        return shared + functions * own


class Dockerfile:
    """`docker build` with BuildKit, its cache emptied before the first."""

    def __init__(self, base: str, folder: Path) -> None:
        self._base = base
        self._folder = folder
        self._layers: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self.requirements = [
            line.split("#")[0].strip()
            for line in Path("3rdparty/python/openvino/openvino.in").read_text().splitlines()
            if line.split("#")[0].strip() and not line.startswith("-")
        ]
        run("docker", "builder", "prune", "--all", "--force")
        folder.mkdir()
        run("./pants", "package", f"{FUNCTION}#cpu-assets")
        shutil.copytree("dist/coco-ssd/cpu/assets/weights", folder / "weights")
        self.copy_code()

    def copy_code(self) -> None:
        shutil.copytree("lib", self._folder / "lib", dirs_exist_ok=True)
        shutil.copytree(FUNCTION, self._folder / "coco_ssd", dirs_exist_ok=True)

    def build(self, extra: str = "", tag: str = "usual:1") -> None:
        requirements = " ".join(f"'{item}'" for item in [*self.requirements, extra] if item)
        (self._folder / "Dockerfile").write_text(DOCKERFILE.format(requirements=requirements))
        secrets = [f"--secret=id=pip,src={pip_configuration(self._folder.parent)}"]
        secrets += [f"--secret=id=ca,src={certificates()}"]
        command = ["docker", "build", "--network=host", f"--build-arg=BASE={self._base}"]
        run(*command, *secrets, "--tag", tag, str(self._folder))
        self._before, self._layers = self._layers, engine_layers(tag)

    def new_bytes(self) -> int:
        return new_bytes(self._before, self._layers)

    def total(self, functions: int) -> int:
        """Build them all, and count each layer once."""
        layers: dict[str, int] = {}
        for index, extra in enumerate(EXTRAS[:functions]):
            self.build(extra, f"usual:{index}")
            layers.update(self._layers)
        return sum(layers.values())


def engine_layers(image: str) -> dict[str, int]:
    """Return the layers of an image with the bytes of their files, the lowest first."""
    described = run("docker", "image", "inspect", image, "--format", "{{json .RootFS.Layers}}")
    history = run(
        "docker",
        "history",
        image,
        "--no-trunc",
        "--human=false",
        "--format",
        "{{.Size}} {{.CreatedBy}}",
    )
    sizes = [
        int(line.split(" ", 1)[0])
        for line in reversed(history.splitlines())
        # Steps that only set something make no layer.
        if not any(word in line for word in (" ARG ", " WORKDIR ", " CMD ", " ENV "))
        or int(line.split(" ", 1)[0])
    ]
    layers = json.loads(described)
    if len(sizes) > len(layers):
        sizes = [size for size in sizes if size][-len(layers) :]
    return dict(zip(layers, sizes, strict=False))


def new_bytes(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(size for layer, size in after.items() if layer not in before)


def pip_configuration(scratch: Path) -> Path:
    """Return pip's configuration of this machine, from its files and variables, in one file."""
    lines = run("python3", "-m", "pip", "config", "list").splitlines()
    found = scratch / "pip.conf"
    wanted = {}
    for line in lines:
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in {"index-url", "extra-index-url", "trusted-host", "timeout"}:
            wanted[name] = value.strip("'")
    # A folder of this machine is none of the build's.
    text = "\n".join(f"{k} = {v}" for k, v in wanted.items() if not v.startswith("file:"))
    found.write_text(f"[global]\n{text}\n")
    return found


def certificates() -> str:
    return os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")


@contextmanager
def edited(path: Path, line: str) -> Iterator[None]:
    """Append a line for the time being."""
    before = path.read_bytes()
    path.write_bytes(before + line.encode())
    try:
        yield
    finally:
        path.write_bytes(before)


def timed(
    what: str, ours: Callable[[], None], theirs: Callable[[], None]
) -> tuple[str, str, str, str]:
    seconds = []
    for build in (ours, theirs):
        began = time.monotonic()
        build()
        seconds.append(time.monotonic() - began)
    return (what, f"{seconds[0]:.1f}", f"{seconds[1]:.1f}", f"{seconds[1] / seconds[0]:.2f}")


def counted(what: str, ours: int, theirs: int) -> tuple[str, str, str, str]:
    return (what, f"{ours / 1e6:.2f}", f"{theirs / 1e6:.2f}", f"{theirs / max(ours, 1):.2f}")


def run(*command: str) -> str:
    env = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    return done.stdout


def print_table(rows: list[tuple[str, str, str, str]]) -> None:
    print("| | modelyard | Dockerfile | times |\n|---|---:|---:|---:|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
