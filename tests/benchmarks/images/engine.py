"""The layers of an image in a container engine, read from the engine itself."""

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import IO, Final

# Debian's client: newer ones need a plugin for BuildKit.
_CLIENT: Final = "/usr/bin/docker"


def docker(*command: str) -> str:
    """Run the engine's client; return its output.

    Raises:
        SystemExit: it failed; with the end of its output.
    """
    return run(_CLIENT, *command)


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command with additional variables and return its output, as `docker` does."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        command,
        cwd=cwd,
        env={**os.environ, "DOCKER_BUILDKIT": "1", **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    return done.stdout


def layers_of(image: str) -> dict[str, int]:
    """Return the layers of an image by their digest, with the bytes of their tar."""
    with subprocess.Popen(  # noqa: S603 - our own arguments
        [_CLIENT, "save", image], stdout=subprocess.PIPE
    ) as process:
        if process.stdout is None:
            raise AssertionError("it was asked for")
        return _layers_of_archive(process.stdout)


def _layers_of_archive(archive: IO[bytes]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    documents: dict[str, bytes] = {}
    with tarfile.open(fileobj=archive, mode="r|") as tar:
        for member in tar:
            # A layer shared by several images is a link to one of them.
            sizes[member.name] = sizes[_target(member)] if member.issym() else member.size
            if member.name.endswith(".json") and (file := tar.extractfile(member)):
                documents[member.name] = file.read()
    manifest = json.loads(documents["manifest.json"])[0]
    digests = json.loads(documents[manifest["Config"]])["rootfs"]["diff_ids"]
    return {digest: sizes[name] for digest, name in zip(digests, manifest["Layers"], strict=True)}


def _target(link: tarfile.TarInfo) -> str:
    return os.path.normpath(Path(link.name).parent / link.linkname)
