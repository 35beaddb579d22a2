"""Docker's engine: its images and containers."""

import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NoReturn

import msgspec

from modelyard_tools.engine.client import Client
from modelyard_tools.engine.inspected import Container, Image, read_container, read_image

_LONG: Final = 3600.0
_MISSING: Final = (
    "docker not found on the PATH, and Nuclio's functions are its containers; "
    "install it (Debian: apt-get install docker.io), or deploy with `--to embedded`"
)


class Engine:
    """Docker's engine, as its client finds it."""

    def __init__(self) -> None:
        """Find the client.

        Raises:
            EngineError: there is none.
        """
        self._client = Client.find(["docker"], _MISSING)

    def images(self, references: Iterable[str]) -> dict[str, Image]:
        """Return the images that the engine has, by reference."""
        wanted = sorted(set(references))
        if not wanted:
            return {}
        done = self._client.run("image", "inspect", *wanted)
        # It prints those that exist even if others do not.
        if done.returncode and b"No such image" not in done.stderr:
            raise self._client.failure(done)
        found: dict[str, Image] = {}
        for each in msgspec.json.decode(done.stdout or b"[]"):
            names = {*(each.get("RepoTags") or ()), each["Id"]}
            found |= {name: read_image(each) for name in names & set(wanted)}
        return found

    def pull(self, reference: str) -> None:
        """Fetch an image from its registry."""
        self._client.ask("pull", "--quiet", reference, timeout=_LONG)

    def tag(self, reference: str, name: str) -> None:
        """Give an image another name."""
        self._client.ask("image", "tag", reference, name)

    def tags(self) -> list[str]:
        """Return the references of all images."""
        return self._client.ask("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()

    def untag(self, references: Sequence[str]) -> None:
        """Remove names from images; an unnamed image is deleted, unless a container uses it."""
        if references:
            self._client.ask("image", "rm", *references)

    def containers(self) -> dict[str, Container]:
        """Return all containers by name, including stopped ones."""
        ids = self._client.ask("ps", "--all", "--quiet", "--no-trunc").split()
        if not ids:
            return {}
        done = self._client.run("container", "inspect", *ids)
        # One of them may have been removed in between.
        if done.returncode and b"No such container" not in done.stderr:
            raise self._client.failure(done)
        found = (read_container(each) for each in msgspec.json.decode(done.stdout or b"[]"))
        return {each.name: each for each in found}

    def container(self, name: str) -> Container | None:
        """Return one container; None if not found."""
        done = self._client.run("container", "inspect", name)
        if done.returncode:
            if b"No such container" in done.stderr:
                return None
            raise self._client.failure(done)
        return read_container(msgspec.json.decode(done.stdout)[0])

    def start(
        self, name: str, image: str, options: Sequence[str], files: Mapping[str, bytes]
    ) -> None:
        """Create a container, copy `files` (by absolute path) into it, and start it."""
        self._client.ask("create", "--name", name, *options, image, timeout=_LONG)
        self._client.ask("cp", "-", f"{name}:/", content=_archive(files))
        self._client.ask("start", name)

    def derive(
        self, image: str, name: str, options: Sequence[str], files: Mapping[str, bytes]
    ) -> None:
        """Create the image `name`: `image` with `files` (by absolute path) added.

        `options` are for the container that is created for this.
        """
        container = self._client.ask("create", *options, image, timeout=_LONG).strip()
        try:
            self._client.ask("cp", "-", f"{container}:/", content=_archive(files))
            self._client.ask("commit", container, name, timeout=_LONG)
        finally:
            self.remove([container])

    def start_again(self, name: str) -> None:
        """Start a stopped container."""
        self._client.ask("start", name)

    def remove(self, names: Sequence[str]) -> None:
        """Stop and remove containers; missing ones are ignored."""
        if names:
            self._client.ask("rm", "--force", "--volumes", *names)

    def log(self, name: str, lines: int) -> str:
        """Return the last lines of a container's output; "" if there is none."""
        return self._client.log(name, "--tail", str(lines))

    def follow_log(self, name: str, lines: int) -> NoReturn:
        """Replace this process with the client, which prints a container's output until Ctrl-C."""
        self._client.become("logs", "--follow", "--tail", str(lines), name)

    def watch(self, name: str) -> None:
        """Print a container's output, from its start until its end."""
        self._client.show("logs", "--follow", name)


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Return a tar archive of `files`, readable for every user."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
