"""Registries, through skopeo: what they have, and copying to them."""

import json
import shutil
import subprocess

from images.errors import ImageToolError
from images.layout import Layout

# The label with the digest of what an image holds, whatever revision it was built from.
CONTENT_DIGEST = "dev.modelyard.digest"
_MISSING = "there is no skopeo on the PATH; install it (Debian: apt-get install skopeo)"
# Registries on this machine that speak plain HTTP, as those of tests do.
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_there(repository: str, tag: str, digest: str) -> bool:
    """Whether `repository:tag` is an image with this content digest (label `dev.modelyard.digest`).

    Raises:
        ImageToolError: there is no skopeo.
    """
    done = _skopeo("inspect", "--config", *_tls("", repository), f"docker://{repository}:{tag}")
    if done.returncode:
        return False
    labels = json.loads(done.stdout).get("config", {}).get("Labels") or {}
    return labels.get(CONTENT_DIGEST) == digest


def push(layout: Layout, repository: str, tag: str) -> None:
    """Copy the image to `repository:tag`; layers that are there are not sent.

    Raises:
        ImageToolError: there is no skopeo, or the registry refuses the image.
    """
    source = f"oci:{layout.folder}:{layout.reference}"
    _copy(source, f"docker://{repository}:{tag}", repository)


def retag(repository: str, present: str, tag: str) -> None:
    """Name an image that the registry has by another tag too. Nothing is uploaded.

    Raises:
        ImageToolError: the registry refuses.
    """
    _copy(f"docker://{repository}:{present}", f"docker://{repository}:{tag}", repository)


def _copy(source: str, destination: str, repository: str) -> None:
    tls = [*_tls("dest-", repository)]
    if source.startswith("docker:"):
        tls += _tls("src-", repository)
    done = _skopeo("copy", "--quiet", "--preserve-digests", *tls, source, destination)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise ImageToolError(f"{destination}: {lines[-1] if lines else 'skopeo failed'}")


def _tls(prefix: str, repository: str) -> list[str]:
    host = repository.partition("/")[0].rpartition(":")[0]
    return [f"--{prefix}tls-verify=false"] if host in _LOOPBACK else []


def _skopeo(*arguments: str) -> subprocess.CompletedProcess[str]:
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        raise ImageToolError(_MISSING)
    return subprocess.run(  # noqa: S603
        [skopeo, *arguments], capture_output=True, text=True, check=False
    )
