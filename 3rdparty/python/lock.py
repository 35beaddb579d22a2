"""Writes the hashed lock file of every resolve: `./pants run 3rdparty/python:lock -- [RESOLVE…]`.

A resolve is a folder with `.in` files (our requirements and their reasons) and one `.lock` (the
exact versions). The lock is a plain requirements file with digests: it names no registry, so that
the same file works with the public index, a mirror, or a folder of wheels. With `--check` nothing
is written, and locks that disagree with their `.in` files are listed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from uv import find_uv_bin

from lock_check import DIGEST_LINE, inputs_digest, problems
from pins import LockError, Pin, parse_lock
from resolves import RESOLVES, Resolve
from standins import STAND_INS

WHEELS = "3rdparty/python/wheels"

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
