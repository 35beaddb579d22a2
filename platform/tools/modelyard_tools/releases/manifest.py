"""`manifest.json`: the build's description of one release of one variant of a function."""

from pathlib import Path
from typing import Annotated

import msgspec

from modelyard_contract.names import LONGEST_NAME, NAME_PATTERN
from modelyard_contract.ports import MOST_PORT
from modelyard_contract.release import MANIFEST_SCHEMA

Hex = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8,64}\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Name = Annotated[str, msgspec.Meta(pattern=rf"\A{NAME_PATTERN}\Z", max_length=LONGEST_NAME)]
Port = Annotated[int, msgspec.Meta(ge=1, le=MOST_PORT)]


class ManifestError(Exception):
    """The file is not a manifest that this code understands."""


class Parts(msgspec.Struct, frozen=True):
    """Digests of the parts of a release, equal if and only if the parts are equal."""

    deps: Hex
    srcs: Hex
    assets: Hex
    spec: Hex


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One release: the fields that the deployer and the platform read.

    The keys are documented in `modelyard_contract.release`. How the function is served (workers,
    limits) is in its Nuclio configuration.
    """

    schema: int
    name: Name
    variant: str
    type: str
    digest: Digest
    parts: Parts
    resolve: str
    deps: str
    port: Port
    gpus: int = 0
    gpu_memory: Annotated[int, msgspec.Meta(gt=0)] | None = None
    idle_timeout: Annotated[float, msgspec.Meta(gt=0)] | None = None
    licence: str = ""
    origin: str = ""
    address: str = ""
    blocked: str | None = None


def read_manifest(path: Path) -> Manifest:
    """Read and check the manifest at `path`.

    Raises:
        ManifestError: it cannot be read, or is not one; the text names the file.
    """
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ManifestError(f"cannot read {path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise ManifestError(f"{path} is not a release manifest: {error}") from None
    if manifest.schema != MANIFEST_SCHEMA:
        raise ManifestError(
            f"{path} has schema {manifest.schema}; this code reads {MANIFEST_SCHEMA}"
        )
    return manifest
