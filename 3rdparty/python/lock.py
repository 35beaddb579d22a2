"""Writes the hashed lock file of every resolve: `./pants run 3rdparty/python:lock -- [RESOLVE…]`.

A resolve is a folder with `.in` files (our requirements and their reasons) and one `.lock` (the
exact versions). The lock is a plain requirements file with digests: it names no registry, so that
the same file works with the public index, a mirror, or a folder of wheels. With `--check` nothing
is written, and locks that disagree with their `.in` files are listed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from pins import LockError, Pin, parse_lock, parse_requirements
from standins import STAND_INS

WHEELS = "3rdparty/python/wheels"
DIGEST_LINE = "# requirements: sha256 "

# Environment variables that may influence uv; those that would change the result are left out.
HARMLESS_UV_VARIABLES = {
    "UV_CACHE_DIR",
    "UV_DEFAULT_INDEX",
    "UV_HTTP_TIMEOUT",
    "UV_INDEX_URL",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS",
    "UV_OFFLINE",
    "UV_SYSTEM_CERTS",
}

LINUX_X86 = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"}
LINUX_ARM = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"}
MAC_X86 = {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "x86_64"}
MAC_ARM = {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"}
EVERYWHERE = (LINUX_X86, LINUX_ARM, MAC_X86, MAC_ARM)


@dataclass(frozen=True)
class Resolve:
    """A folder of requirements that are resolved together.

    `stem` starts the file names: `stem.in` (run time), `stem-dev.in` (tests and build steps),
    `stem-overrides.in` and `stem-excludes.in` (corrections of other packages' requirements).
    """

    name: str
    folder: str
    stem: str
    python: str = "3.11"
    platforms: tuple[dict[str, str], ...] = EVERYWHERE
    find_links: bool = False

    def inputs(self, root: Path) -> list[Path]:
        return sorted((root / self.folder).glob(f"{self.stem}*.in"))

    def requested(self, root: Path) -> list[Path]:
        names = {f"{self.stem}.in", f"{self.stem}-dev.in"}
        return [path for path in self.inputs(root) if path.name in names]

    def lock(self, root: Path) -> Path:
        return root / self.folder / f"{self.stem}.lock"

    def environments(self) -> list[dict[str, str]]:
        common = {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
        }
        return [common | platform for platform in self.platforms]


def _ours(name: str, **settings: object) -> Resolve:
    return Resolve(name, f"3rdparty/python/{name}", name, **settings)  # type: ignore[arg-type]


RESOLVES = {
    resolve.name: resolve
    for resolve in (
        _ours("default"),
        _ours("openvino"),
        # The `+cpu` build is in a folder or on a page that PIP_FIND_LINKS names.
        _ours("torch-cpu", find_links=True, platforms=(LINUX_X86, LINUX_ARM, MAC_ARM)),
        _ours("detectron2", find_links=True, platforms=(LINUX_X86, LINUX_ARM, MAC_ARM)),
        _ours("torch-gpu", platforms=(LINUX_X86, LINUX_ARM)),
        _ours("detectron2-gpu", platforms=(LINUX_X86, LINUX_ARM)),
        _ours("buildgrid", platforms=(LINUX_X86, LINUX_ARM)),
        _ours("experiments"),
        _ours("debug"),
        _ours("tools"),
        _ours("pants-plugins", python="3.9"),
        Resolve("launcher", "platform/launcher", "pants", python="3.9"),
    )
}


def inputs_digest(paths: Iterable[Path]) -> str:
    """The SHA-256 over the names and contents of the `.in` files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def narrow(pins: Iterable[Pin], environments: Sequence[dict[str, str]]) -> Iterator[Pin]:
    """Drops pins that apply to none of our environments, and markers that are true in all of them.

    uv's universal resolution also answers for later Pythons and other systems.
    """
    for pin in pins:
        applicable = [pin.applies(environment) for environment in environments]
        if all(applicable):
            requirement = Requirement(str(pin.requirement))
            requirement.marker = None
            yield Pin(requirement, pin.hashes)
        elif any(applicable):
            yield pin


def problems(resolve: Resolve, root: Path) -> list[str]:
    """Problems of a resolve's lock, one line each; empty if there are none."""
    lock = resolve.lock(root)
    if not lock.is_file():
        return [f"{lock.name} is missing"]
    text = lock.read_text()
    found = []
    if text.partition("\n")[0] != DIGEST_LINE + inputs_digest(resolve.inputs(root)):
        found.append(f"{lock.name} was made from other .in files than those beside it")
    if re.search(r"\w+://|(^|\s)--(?!hash=)|(^|\s)-[a-z]\b| @ ", text):
        found.append(f"{lock.name} contains a URL or an option; only hashed pins are allowed")
    try:
        pins = parse_lock(text)
    except LockError as error:
        return [*found, f"{lock.name}: {error}"]
    for pin in pins:
        if pin.version is None:
            found.append(f"{lock.name}: {pin.requirement} is not an exact pin")
        if not pin.hashes or not all(_is_sha256(entry) for entry in pin.hashes):
            found.append(f"{lock.name}: {pin.requirement} has no SHA-256 digest")
    return found + _unmet(resolve, root, pins)


def _is_sha256(entry: str) -> bool:
    return re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", entry) is not None


def _unmet(resolve: Resolve, root: Path, pins: Sequence[Pin]) -> list[str]:
    found = []
    for environment in resolve.environments():
        versions: dict[str, list[str]] = {}
        for pin in pins:
            if pin.applies(environment):
                versions.setdefault(pin.name, []).append(pin.version or "")
        where = f"{environment['sys_platform']} {environment['platform_machine']}"
        for name, pinned in versions.items():
            if len(pinned) > 1:
                found.append(f"{name} is pinned {len(pinned)} times for {where}")
        asked = "\n".join(path.read_text() for path in resolve.requested(root))
        for requirement in parse_requirements(asked):
            if requirement.marker and not requirement.marker.evaluate(environment):
                continue
            pinned = versions.get(canonicalize_name(requirement.name), [])
            if not pinned:
                found.append(f"{requirement} has no pin for {where}")
            elif not all(requirement.specifier.contains(v, prereleases=True) for v in pinned):
                found.append(f"{requirement} is not what is pinned for {where}: {pinned[0]}")
    return list(dict.fromkeys(found))


def _uv_environment(root: Path, *, find_links: bool) -> dict[str, str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("UV_") or name in HARMLESS_UV_VARIABLES
    }
    if index := environment.get("PIP_INDEX_URL"):
        environment.setdefault("UV_DEFAULT_INDEX", index)
    # The stand-ins may have just been written; the launcher provides the rest.
    links = [str(root / WHEELS), environment["MODELYARD_WHEELS"]]
    if find_links:
        links += environment.get("PIP_FIND_LINKS", "").split()
    return environment | {"UV_FIND_LINKS": ",".join(links)}


def compile_lock(resolve: Resolve, root: Path, *, upgrade: bool) -> str:
    """Resolves again and returns the lock's text; versions in the current lock are kept unless
    `upgrade` is set or they no longer fit."""
    folder = root / resolve.folder
    command = [find_uv_bin(), "pip", "compile", "--no-config", "--quiet", "--universal"]
    command += ["--python-version", resolve.python, "--generate-hashes", "--no-header"]
    command += ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    if upgrade:
        command.append("--upgrade")
    for option in ("overrides", "excludes"):
        if (folder / f"{resolve.stem}-{option}.in").is_file():
            command += [f"--{option}", f"{resolve.stem}-{option}.in"]
    command += [path.name for path in resolve.requested(root)]
    present = resolve.lock(root)
    scratch = present.with_suffix(".lock.new")
    try:
        # uv prefers the versions it finds in its output file.
        scratch.write_bytes(present.read_bytes() if present.is_file() else b"")
        completed = subprocess.run(  # noqa: S603 - every word is ours
            [*command, "--output-file", scratch.name],
            cwd=folder,
            env=_uv_environment(root, find_links=resolve.find_links),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise LockError(f"{resolve.name}: uv found no solution\n{completed.stderr.strip()}")
        pins = narrow(parse_lock(scratch.read_text()), resolve.environments())
    finally:
        scratch.unlink(missing_ok=True)
    first = DIGEST_LINE + inputs_digest(resolve.inputs(root)) + "\n"
    return first + "".join(pin.render() for pin in pins)


def repository_root(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / "3rdparty/python").is_dir():
            return folder
    raise LockError(f"no 3rdparty/python above {start}; run this inside the repository")


def _parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lock", description=__doc__)
    parser.add_argument("resolves", nargs="*", metavar="RESOLVE", help="all if none is named")
    parser.add_argument("--check", action="store_true", help="only report locks that are wrong")
    parser.add_argument("--upgrade", action="store_true", help="take the newest matching version")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.resolves if name not in RESOLVES]
    if unknown:
        parser.error(f"no resolve {', '.join(unknown)}; there are: {', '.join(RESOLVES)}")
    return options


def main(arguments: Sequence[str]) -> int:
    options = _parse_arguments(arguments)
    try:
        root = repository_root(Path.cwd())
        wrong = []
        for stand_in in () if options.check else STAND_INS:
            stand_in.write(root / WHEELS)
        for resolve in [RESOLVES[name] for name in options.resolves or RESOLVES]:
            if not options.check:
                print(f"locking {resolve.name} …", file=sys.stderr, flush=True)
                text = compile_lock(resolve, root, upgrade=options.upgrade)
                resolve.lock(root).write_text(text)
            wrong += problems(resolve, root)
    except LockError as error:
        print(f"lock: {error}", file=sys.stderr)
        return 1
    for line in wrong:
        print(f"lock: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
