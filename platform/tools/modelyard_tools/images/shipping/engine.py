"""Loading images into the container engine of this machine."""

import json
from collections.abc import Sequence
from typing import Final, NoReturn

from modelyard_tools.engine.client import Client, Done
from modelyard_tools.images.layout import Layout
from modelyard_tools.images.shipping.archive import Wanted, write_archive

_MISSING: Final = (
    "docker or podman not found on the PATH; install one (Debian: apt-get install docker.io), or "
    "write the image to a file with `save FILE`"
)


# Sending this many bytes takes less time than listing all images.
_WORTH_ASKING: Final = 8_000_000


class Engine:
    """The engine's client: docker, or podman if docker is not installed."""

    def __init__(self) -> None:
        """Find the client.

        Raises:
            EngineError: neither is installed.
        """
        self.client = Client.find(["docker", "podman"], _MISSING)

    def load(self, layout: Layout, tags: list[str]) -> int:
        """Load what the engine lacks of the image; return the number of loaded layers.

        Raises:
            EngineError: the engine is not running, or refuses the image.
        """
        # An earlier image of the name most often has all but the code; that is asked for at once.
        missing = _missing(layout, self._chains(tags))
        if sum(layout.layers[index].path.stat().st_size for index in missing) > _WORTH_ASKING:
            every = self.client.ask("image", "ls", "--quiet", "--no-trunc", timeout=None).split()
            missing = _missing(layout, self._chains(every))
        done = self._load(layout, tags, lambda index: index in missing)
        if done.returncode and len(missing) < len(layout.layers):
            # Engines differ in what they look up before they read. All of it works everywhere.
            missing = list(range(len(layout.layers)))
            done = self._load(layout, tags, lambda index: True)
        if done.returncode:
            raise self.client.failure(done)
        return len(missing)

    def replace_with(self, arguments: Sequence[str]) -> NoReturn:
        """Replace this process with the client."""
        self.client.become(*arguments)

    def _chains(self, images: Sequence[str]) -> set[tuple[str, ...]]:
        """Return the layers of those images that exist, from the lowest upwards."""
        found: set[tuple[str, ...]] = set()
        if images:
            words = ("image", "inspect", "--format", "{{json .RootFS.Layers}}")
            # For an image that it does not have, the client prints an empty line.
            for line in self.client.run(*words, *images, timeout=None).stdout.split():
                layers = tuple(json.loads(line) or ())
                found.update(layers[:count] for count in range(1, len(layers) + 1))
        return found

    def _load(self, layout: Layout, tags: list[str], wanted: Wanted) -> Done:
        return self.client.feed(["load"], lambda pipe: write_archive(layout, tags, pipe, wanted))


def _missing(layout: Layout, known: set[tuple[str, ...]]) -> list[int]:
    return [index for index, chain in enumerate(layout.chains()) if chain not in known]
