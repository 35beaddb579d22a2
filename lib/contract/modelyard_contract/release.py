"""What a build hands over: the files of a release, and the keys in them.

A build is a folder with `INDEX`, the releases it lists, and the dependencies that they share. The
folder of a release holds `MANIFEST`, `CONFIG`, `SOURCES` and `ASSETS`; its assets are `MODEL` and
the files under `WEIGHTS`.
"""

from __future__ import annotations

from typing import Any, TypedDict

INDEX = "index.json"
RELEASES = "releases"
DEPENDENCIES = "deps"

MANIFEST = "manifest.json"
# Nuclio's own name for the configuration of a function.
CONFIG = "function.yaml"
SOURCES = "srcs.pex"
ASSETS = "assets"

MODEL = "model.json"
WEIGHTS = "weights"

# Readers refuse another schema than theirs. A key that they can do without needs no new one.
INDEX_SCHEMA = 1
MANIFEST_SCHEMA = 1
MODEL_SCHEMA = 1


class Index(TypedDict):
    """`INDEX`: the paths of the manifests."""

    schema: int
    releases: list[str]


class Parts(TypedDict):
    """Digests of the parts of a release, equal exactly when the parts are equal."""

    deps: str
    srcs: str
    assets: str
    spec: str


class Manifest(TypedDict):
    """`MANIFEST`: what no other file of the release says of it.

    `deps` is the path of its dependencies in the build, and `port` where the function answers
    unless its configuration says otherwise. `gpu_memory` are the bytes that a worker takes on each
    of its `gpus`, `idle_timeout` the seconds without a request after which the workers end (None:
    never). `licence` is that of the weights, `code_licence` that of their author's code, empty
    where it is the same. `blocked` is why the release cannot run, or None.
    """

    schema: int
    name: str
    display_name: str
    description: str
    variant: str
    type: str
    address: str
    resolve: str
    deps: str
    port: int
    gpus: int
    gpu_memory: int | None
    idle_timeout: float | None
    licence: str
    licence_stated_at: tuple[str, ...]
    code_licence: str
    origin: str
    blocked: str | None
    parts: Parts


class SealedManifest(Manifest):
    """A manifest as it is written: `digest` covers all else in it, and so the release."""

    digest: str


class _Model(TypedDict):
    schema: int
    name: str
    display_name: str
    type: str
    model: str
    licence: str
    labels: list[Any]
    params: dict[str, Any]


class Model(_Model, total=False):
    """`MODEL`: what the runtime needs to know of a model.

    `model` names its class as `module` or `module:Class`. Only a function without code of its own
    has `head` and `head_options`.
    """

    head: str
    head_options: dict[str, Any]
