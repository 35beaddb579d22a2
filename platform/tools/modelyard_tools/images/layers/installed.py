"""Installs packages for the images with uv, and lists their files.

Nothing is run or built: wheels are unpacked, and those without the digest in the lock are refused.
uv's own variables (UV_DEFAULT_INDEX, UV_FIND_LINKS, UV_CACHE_DIR, …) decide where they come from;
with an empty UV_DEFAULT_INDEX no index is used.
"""

import csv
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers import bytecode, locked
from modelyard_tools.images.layers.members import Member, member_of
from modelyard_tools.images.layers.prune import is_needed

# The C library of the repository's base, Debian 12; a wheel for a newer one would not start there.
PLATFORM: Final = "x86_64-manylinux_2_36"
# uv's own records, with times and paths; the list of files is written anew.
_NOTES: Final = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})
_COMMAND: Final = (
    *("pip", "install", "--no-config", "--quiet", "--no-progress", "--color=never"),
    *("--no-deps", "--require-hashes", "--only-binary=:all:", "--python-platform", PLATFORM),
    # Hashes make wheels the same wherever they come from.
    "--index-strategy=unsafe-best-match",
)


class Installed:
    """A folder with installed packages: all of an environment, or a single one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._site = folder / bytecode.SITE_PACKAGES

    def add(self, pins: Iterable[locked.Pin]) -> None:
        """Install these packages.

        Raises:
            ImageToolError: one cannot be downloaded or differs from the lock; with uv's message.
        """
        # `===` (PEP 440, arbitrary equality): another build of a version, such as `2.0+cpu`,
        # satisfies `==2.0`, and may be available from the same source.
        text = locked.render(pins).replace("==", "===")
        if not text:
            return
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text)
            file.flush()
            # Cached packages need no network and no request.
            done = self._install(file.name, "--offline")
            if done.returncode:
                done = self._install(file.name)
        if done.returncode:
            words = done.stderr.replace("\n", " ").strip() or "it failed without saying why"
            raise ImageToolError(f"uv cannot install what the lock pins: {words}")

    def packages(self) -> dict[str, Distribution]:
        """Return the installed packages by canonical name."""
        found = distributions(path=[str(self._site)])
        named = {canonicalize_name(item.name): item for item in found}
        return dict(sorted(named.items()))

    def members(self, package: Distribution) -> list[Member]:
        """Return the files of a package that a function may need, in the order of their paths."""
        files = {str(file): file for file in needed_files(package)}
        found = [member_of(path, self._site / path) for path in sorted(files)]
        listing = _record(files)
        return [*found, Member(listing[0], lambda: listing[1], executable=False)]

    def _install(self, requirements: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [find_uv_bin(), *_COMMAND, *options, "--python", sys.executable]
        if os.environ.get("UV_DEFAULT_INDEX") == "":
            command.append("--no-index")
        return subprocess.run(  # noqa: S603
            [*command, "--prefix", str(self._folder), "--requirements", requirements],
            capture_output=True,
            text=True,
            check=False,
        )


def needed_files(package: Distribution) -> list[PackagePath]:
    """Return the files in site-packages that go into an image, without programs, tests, headers."""
    return [file for file in package.files or () if _is_needed(file)]


def _is_needed(file: PackagePath) -> bool:
    parts = PurePosixPath(file).parts
    if parts[0] == ".." or "__pycache__" in parts:
        return False
    noted = parts[0].endswith(".dist-info") and parts[-1] in _NOTES
    return not noted and is_needed(str(file))


def _record(files: dict[str, PackagePath]) -> tuple[str, bytes]:
    """Return the path of RECORD, and its lines for what is kept."""
    # A package may contain those of others.
    [folder] = {path.partition("/")[0] for path in files if re.match(r"[^/]+\.dist-info/", path)}
    record = f"{folder}/RECORD"
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    for path, file in sorted(files.items()):
        lines.writerow(
            [path, f"{file.hash.mode}={file.hash.value}" if file.hash else "", file.size]
        )
    lines.writerow([record, "", ""])
    return record, text.getvalue().encode()
