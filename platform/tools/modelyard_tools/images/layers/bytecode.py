"""Compiles Python reproducibly.

Python cannot cache compiled modules in a read-only image, so it would compile everything at every
start. A usual .pyc contains the time of its source; these contain the source's hash instead and are
not compared with it, since nothing in an image changes (PEP 552, "unchecked").
"""

import marshal
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Final

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers import compile_worker

VERSION: Final = (3, 11)
# In an environment of that version.
SITE_PACKAGES: Final = f"lib/python{VERSION[0]}.{VERSION[1]}/site-packages"
Source = tuple[str, bytes]


def pyc_path(path: str) -> str:
    """Return the path where Python looks for the compiled form of the module at `path`."""
    pure = PurePosixPath(path)
    tag = f"cpython-{VERSION[0]}{VERSION[1]}"
    return str(pure.parent / "__pycache__" / f"{pure.stem}.{tag}.pyc")


def compiled(groups: Sequence[Sequence[Source]]) -> list[Source]:
    """Compile groups of modules, given as (absolute path in the image, source), in parallel.

    Returns (path of the .pyc, bytes). Files that are not Python of this version, such as templates,
    are left out.

    Raises:
        ImageToolError: this Python is not the version that the images have.
    """
    if sys.version_info[:2] != VERSION:
        wanted = ".".join(map(str, VERSION))
        raise ImageToolError(
            f"images have Python {wanted}, but {sys.executable} is another version"
        )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(_compiled_apart, groups)
        return [(pyc_path(path), pyc) for group in done for path, pyc in group]


def _compiled_apart(group: Sequence[Source]) -> list[Source]:
    if not group:
        return []
    # -S and -P keep out the environment this runs in; -I would ignore the hash seed.
    command = [sys.executable, "-S", "-P", str(Path(compile_worker.__file__))]
    done = subprocess.run(  # noqa: S603
        command,
        input=marshal.dumps(list(group)),
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise ImageToolError(f"compiling failed: {done.stderr.decode(errors='replace')}")
    found: list[Source] = marshal.loads(done.stdout)  # noqa: S302 - of our own worker
    return found
