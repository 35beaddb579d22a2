"""The output of a build: the files of a release, and their keys.

A build is a folder with `INDEX`, the releases it lists, and their shared dependencies. The folder
of a release contains `MANIFEST`, `CONFIG`, `SOURCES` and `ASSETS`; its assets are `MODEL` and the
files under `WEIGHTS`.
"""

from __future__ import annotations

from typing import Any, TypedDict

INDEX = "index.json"
RELEASES = "releases"
DEPENDENCIES = "deps"

MANIFEST = "manifest.json"
# Nuclio's name for the configuration of a function.
CONFIG = "function.yaml"
SOURCES = "srcs.pex"
ASSETS = "assets"

MODEL = "model.json"
WEIGHTS = "weights"

# Readers refuse other schemas than theirs. Adding an optional key does not need a new one.
INDEX_SCHEMA = 1
MANIFEST_SCHEMA = 1
MODEL_SCHEMA = 1


class Index(TypedDict):
    """`INDEX`: the paths of the manifests."""

    schema: int
    releases: list[str]


class Parts(TypedDict):
    """Digests of the parts of a release; equal if and only if the parts are equal."""

    deps: str
    srcs: str
    assets: str
    spec: str


class Manifest(TypedDict):
    """`MANIFEST`: information that no other file of the release contains.

    `deps` is the path of its dependencies in the build, and `port` the function's port unless its
    configuration sets another. `gpu_memory` is how many bytes a worker uses on each of its `gpus`,
    `idle_timeout` the seconds without a request after which the workers stop (None: never).
    `licence` is that of the weights, `code_licence` that of their author's code, empty if it is
    the same. `blocked` is why the release cannot run, or None.
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
    """A manifest as written: `digest` covers everything else in it, and so the release."""

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
    """`MODEL`: what the runtime needs to know about a model.

    `model` names its class as `module` or `module:Class`. Only a function without code has
    `head` and `head_options`.
    """

    head: str
    head_options: dict[str, Any]
