"""Images that others built: fetched with skopeo, from a registry or from an archive on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Iterable, Mapping

from pants.core.util_rules.system_binaries import (
    BinaryPathRequest,
    BinaryPaths,
    BinaryPathTest,
    SearchPath,
)
from pants.engine.addresses import Address
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import Digest, DigestContents, DigestSubset, PathGlobs, RemovePrefix
from pants.engine.process import FallibleProcessResult, Process, ProcessCacheScope
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import InvalidTargetException

from modelyard_pants.common.network import NETWORK_ENV
from modelyard_pants.image.oci import LayerDescription

# The user's network settings and passwords, for skopeo.
REGISTRY_ENV = (
    *NETWORK_ENV,
    "DOCKER_CONFIG",
    "DOCKER_HOST",
    "HOME",
    "PATH",
    "REGISTRY_AUTH_FILE",
    "SSL_CERT_DIR",
    "XDG_RUNTIME_DIR",
)
_SEARCH_PATH = SearchPath(("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/bin"))
_CACHE = {"modelyard_images": ".modelyard_images"}
# Runs "$2"... with a temporary destination, which is renamed to "$1" once complete.
_KEEP = (
    'kept=$1; shift; [ -e "$kept" ] || { "$@" "oci-archive:$kept.$$" && mv "$kept.$$" "$kept"; }'
)


@dataclass(frozen=True)
class ForeignImageRequest:
    """An image by the reference that skopeo takes, such as `docker://host/name@sha256:...`."""

    reference: str
    wanted_by: Address


@dataclass(frozen=True)
class ForeignImage:
    """An OCI layout at the root of `digest`, with its layers, lowest first.

    `blobs` holds the layers, for images on top of it. `env` are its variables, as `NAME=value`.
    """

    digest: Digest
    blobs: Digest
    layers: tuple[LayerDescription, ...]
    env: tuple[str, ...]


async def _json_of(layout: Digest, path: str) -> Mapping[str, Any]:
    contents = await Get(DigestContents, DigestSubset(layout, PathGlobs([path])))
    parsed: Mapping[str, Any] = json.loads(contents[0].content)
    return parsed


def _blob(described: Mapping[str, Any]) -> str:
    return "blobs/" + str(described["digest"]).replace(":", "/")


def _copy(skopeo: str, reference: str) -> tuple[str, ...]:
    insecure = ("--src-tls-verify=false",) if "//127.0.0.1:" in reference else ()
    flags = ("--insecure-policy", "copy", "--quiet", "--dest-oci-accept-uncompressed-layers")
    return (skopeo, *flags, *insecure, reference)


async def _fetch_pinned(
    skopeo: str, reference: str, environment: Mapping[str, str]
) -> FallibleProcessResult:
    """Fetch with the user's environment, then read without it, so that the cache is shared."""
    archive = f"{_CACHE['modelyard_images']}/{sha256(reference.encode()).hexdigest()}.tar"
    fetched = await Get(
        FallibleProcessResult,
        Process(
            ("/bin/sh", "-c", _KEEP, "fetch", archive, *_copy(skopeo, reference)),
            env={**environment, "TMPDIR": "."},
            append_only_caches=_CACHE,
            description=f"Fetch {reference}",
        ),
    )
    if fetched.exit_code != 0:
        return fetched
    return await Get(
        FallibleProcessResult,
        Process(
            (*_copy(skopeo, f"oci-archive:{archive}"), "oci:image:foreign"),
            env={"TMPDIR": "."},
            append_only_caches=_CACHE,
            output_directories=("image",),
            description=f"Unpack {reference}",
        ),
    )


@rule(desc="Fetch an image")
async def fetch_image(request: ForeignImageRequest) -> ForeignImage:
    found = await Get(
        BinaryPaths,
        BinaryPathRequest(
            binary_name="skopeo",
            search_path=_SEARCH_PATH,
            test=BinaryPathTest(args=["--version"], fingerprint_stdout=False),
        ),
    )
    if found.first_path is None:
        raise InvalidTargetException(
            f"{request.wanted_by}: cannot fetch {request.reference} without skopeo; install "
            "it (Debian: apt-get install skopeo)"
        )
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(REGISTRY_ENV))
    skopeo = found.first_path.path
    if "@sha256:" in request.reference:
        result = await _fetch_pinned(skopeo, request.reference, environment)
    else:
        result = await Get(
            FallibleProcessResult,
            Process(
                (*_copy(skopeo, request.reference), "oci:image:foreign"),
                # Only a reference with a digest always means the same image.
                cache_scope=ProcessCacheScope.PER_SESSION,
                env={**environment, "TMPDIR": "."},
                output_directories=("image",),
                description=f"Fetch {request.reference}",
            ),
        )
    if result.exit_code != 0:
        lines = result.stderr.decode(errors="replace").strip().splitlines()
        raise InvalidTargetException(
            f"{request.wanted_by}: cannot fetch {request.reference}: "
            f"{lines[-1] if lines else 'skopeo failed'}"
        )
    layout = await Get(Digest, RemovePrefix(result.output_digest, "image"))
    index = await _json_of(layout, "index.json")  # contract: INDEX is that of a build
    manifest = await _json_of(layout, _blob(index["manifests"][0]))
    config = await _json_of(layout, _blob(manifest["config"]))
    blobs = [_blob(layer) for layer in manifest["layers"]]
    layers = tuple(
        LayerDescription(
            name="base",
            digest=layer["digest"],
            diff_id=diff_id,
            size=layer["size"],
            files_size=0,
            media_type=layer["mediaType"],
        )
        for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"])
    )
    return ForeignImage(
        digest=layout,
        blobs=await Get(Digest, DigestSubset(layout, PathGlobs(blobs))),
        layers=layers,
        env=tuple((config.get("config") or {}).get("Env") or ()),
    )


def rules() -> Iterable[Any]:
    return collect_rules()
