"""Queries registries and copies images to them, through skopeo."""

import json
import shutil
import subprocess

from modelyard_contract.images import DIGEST_LABEL
from modelyard_tools.images.errors import ImageToolError, NoSuchImageError
from modelyard_tools.images.layout import Layout

_MISSING = "skopeo not found on the PATH; install it (Debian: apt-get install skopeo)"
# How long a registry may take to answer, in seconds.
_PATIENCE = 30.0
# Registries' answers for a missing tag or repository.
_UNKNOWN = ("manifest unknown", "name unknown", "NAME_UNKNOWN", "MANIFEST_UNKNOWN")
# Registries on this machine that speak plain HTTP, as those of tests do.
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_there(repository: str, tag: str, digest: str) -> bool:
    """Whether `repository:tag` is an image with this content digest (label `dev.modelyard.digest`).

    Raises:
        ImageToolError: skopeo is not installed.
    """
    done = _skopeo("inspect", "--config", *_tls("", repository), f"docker://{repository}:{tag}")
    if done.returncode:
        return False
    labels = json.loads(done.stdout).get("config", {}).get("Labels") or {}
    return labels.get(DIGEST_LABEL) == digest


def digest_of(image: str) -> str:
    """Return the current digest (`sha256:…`) of a tag, `registry/repository:tag`.

    Raises:
        NoSuchImageError: the registry has no such image.
        ImageToolError: skopeo is not installed, or the registry does not answer.
    """
    asked = ("inspect", "--no-tags", "--format", "{{.Digest}}", *_tls("", image))
    try:
        done = _skopeo(*asked, f"docker://{image}", timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise ImageToolError(f"{image}: no answer within {_PATIENCE:g} s") from None
    if done.returncode == 0:
        return done.stdout.strip()
    if any(word in done.stderr for word in _UNKNOWN):
        raise NoSuchImageError(f"{image} is not in its registry")
    raise ImageToolError(f"{image}: {_last_line(done)}")


def push(layout: Layout, repository: str, tag: str) -> None:
    """Copy the image to `repository:tag`; layers that the registry has are not sent.

    Raises:
        ImageToolError: skopeo is not installed, or the registry refuses the image.
    """
    source = f"oci:{layout.folder}:{layout.reference}"
    _copy(source, f"docker://{repository}:{tag}", repository)


def retag(repository: str, present: str, tag: str) -> None:
    """Add a tag to an image in the registry. Nothing is uploaded.

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
        raise ImageToolError(f"{destination}: {_last_line(done)}")


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else "skopeo failed"


def _tls(prefix: str, repository: str) -> list[str]:
    host = repository.partition("/")[0].rpartition(":")[0]
    return [f"--{prefix}tls-verify=false"] if host in _LOOPBACK else []


def _skopeo(*arguments: str, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        raise ImageToolError(_MISSING)
    return subprocess.run(  # noqa: S603
        [skopeo, *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )
