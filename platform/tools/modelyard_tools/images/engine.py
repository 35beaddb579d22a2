"""A container engine on this machine, through its own command line client."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from modelyard_tools.images.archive import Wanted, write_archive
from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layout import Layout

_MISSING = (
    "there is no docker or podman on the PATH; install one (Debian: apt-get install docker.io), or "
    "write the image to a file with `save FILE`"
)


# Bytes that are sent in less time than it takes to list all images.
_WORTH_ASKING = 8_000_000


class Engine:
    """docker, or podman where that is what there is."""

    def __init__(self) -> None:
        """Find the client.

        Raises:
            ImageToolError: there is none.
        """
        found = shutil.which("docker") or shutil.which("podman")
        if found is None:
            raise ImageToolError(_MISSING)
        self._client = found

    def load(self, layout: Layout, tags: list[str]) -> int:
        """Give the image to the engine, only what it lacks of it; return how many layers that was.

        Raises:
            ImageToolError: the engine does not run, or refuses the image.
        """
        # An earlier image of the name most often has all but the code; that is asked for at once.
        missing = _missing(layout, self._chains(tags))
        if sum(layout.layers[index].path.stat().st_size for index in missing) > _WORTH_ASKING:
            every = self._ask("image", "ls", "--quiet", "--no-trunc").split()
            missing = _missing(layout, self._chains(every))
        done = self._load(layout, tags, lambda index: index in missing)
        if done.returncode and len(missing) < len(layout.layers):
            # Engines differ in what they look up before they read. All of it works everywhere.
            missing = list(range(len(layout.layers)))
            done = self._load(layout, tags, lambda index: True)
        if done.returncode:
            raise ImageToolError(f"{self._client} load: {_last_line(done.stderr)}")
        return len(missing)

    def replace_with(self, arguments: Sequence[str]) -> None:
        """Become the client with these arguments. Does not return."""
        os.execv(self._client, [self._client, *arguments])  # noqa: S606

    def _chains(self, images: Sequence[str]) -> set[tuple[str, ...]]:
        """Return the layers of those of these images that there are, from the lowest upwards."""
        found: set[tuple[str, ...]] = set()
        if images:
            words = ("image", "inspect", "--format", "{{json .RootFS.Layers}}")
            # Of images that there are not, the client says an empty line.
            for line in self._run(*words, *images).stdout.split():
                layers = tuple(json.loads(line) or ())
                found.update(layers[:count] for count in range(1, len(layers) + 1))
        return found

    def _ask(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode:
            raise ImageToolError(f"{self._client}: {_last_line(done.stderr.encode())}")
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [self._client, *arguments], capture_output=True, text=True, check=False
        )

    def _load(
        self, layout: Layout, tags: list[str], wanted: Wanted
    ) -> subprocess.CompletedProcess[bytes]:
        command = [self._client, "load"]
        with subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            if process.stdin is None or process.stderr is None:
                raise AssertionError("both were asked for")
            # The client may end before it has read all; its exit status says why.
            with suppress(BrokenPipeError), process.stdin as pipe:
                write_archive(layout, tags, pipe, wanted)
            error = process.stderr.read()
        return subprocess.CompletedProcess(command, process.returncode, b"", error)


def _missing(layout: Layout, known: set[tuple[str, ...]]) -> list[int]:
    return [index for index, chain in enumerate(layout.chains()) if chain not in known]


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it failed without saying why"
