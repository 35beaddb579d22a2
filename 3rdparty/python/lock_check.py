"""Finds what is wrong with a lock: disagreement with its `.in` files, and lines without digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from pins import LockError, Pin, parse_lock, parse_requirements
from resolves import Resolve

DIGEST_LINE = "# requirements: sha256 "


def inputs_digest(paths: Iterable[Path]) -> str:
    """The SHA-256 over the names and contents of the `.in` files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


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
