"""An image's configuration and manifest, as the OCI image specification has them.

Pure Python: no Pants imports. The layers are built elsewhere. This describes them to an engine, and
how to run a function: its user, ports and health check.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from modelyard_contract import nuclio, variables
from modelyard_contract.images import DIGEST_LABEL, HOME, USER
from modelyard_contract.limits import READY_TIMEOUT
from modelyard_contract.ports import EVENTS, HEALTH
from modelyard_contract.release import CONFIG

STANDALONE = "standalone"
NUCLIO = "nuclio"

_USER = f"{USER}:{USER}"
_CREATED = "1980-01-01T00:00:00Z"
_PYTHON = f"{HOME}/deps/bin/python"
_SECOND = 1_000_000_000
# In seconds: how long a check of a healthy function waits, and how long its two requests may take.
_WAIT = 45
_ASKING = 10
# A file system that engines create at each start, writable even in a read-only container.
_EMPTY_AT_START = "/dev/shm"  # noqa: S108 - a container's own

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
# Of an uncompressed layer.
PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class LayerDescription:
    """A layer as images refer to it; `size` is that of the blob, `files_size` that of its files."""

    name: str
    digest: str
    diff_id: str
    size: int
    files_size: int
    media_type: str


@dataclass(frozen=True)
class ImageDescription:
    """The description of an image, apart from its layers. `runtime` is "" for a base image.

    `base_env` are the variables of a foreign base, as `NAME=value`.
    """

    reference: str
    title: str
    description: str
    runtime: str
    architecture: str
    layers: Sequence[LayerDescription]
    env: Mapping[str, str]
    labels: Mapping[str, str]
    gpus: int = 0
    revision: str | None = None
    version: str | None = None
    base_env: Sequence[str] = ()


@dataclass(frozen=True)
class RenderedImage:
    """The files of an OCI layout that describe the layers in it, by path."""

    files: Mapping[str, bytes]
    content_digest: str


def render_image(image: ImageDescription) -> RenderedImage:
    content_digest = _content_digest(image)
    config = _json(_config(image, content_digest))
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST_TYPE,
            "config": _described(_CONFIG_TYPE, config),
            "layers": [
                {"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size}
                for layer in image.layers
            ],
        }
    )
    index = _json(
        {
            "schemaVersion": 2,
            "manifests": [
                {
                    **_described(_MANIFEST_TYPE, manifest),
                    "platform": {"architecture": image.architecture, "os": "linux"},
                    "annotations": {"org.opencontainers.image.ref.name": image.reference},
                }
            ],
        }
    )
    return RenderedImage(
        {
            "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
            "index.json": index,  # contract: INDEX is that of a build
            **{f"blobs/sha256/{_sha256(blob)}": blob for blob in (config, manifest)},
        },
        content_digest,
    )


def _config(image: ImageDescription, content_digest: str) -> dict[str, Any]:
    labels = {
        "org.opencontainers.image.title": image.title,
        "org.opencontainers.image.description": image.description,
        "org.opencontainers.image.version": image.version or content_digest[:12],
        **({"org.opencontainers.image.revision": image.revision} if image.revision else {}),
        DIGEST_LABEL: content_digest,
        **image.labels,
    }
    env = {**_pairs(image.base_env), **_environment(image)}
    history = [
        {"created": _CREATED, "created_by": f"modelyard: {layer.name}"} for layer in image.layers
    ]
    return {
        "created": _CREATED,
        "architecture": image.architecture,
        "os": "linux",
        "config": {
            "User": _USER,
            "Env": [f"{name}={value}" for name, value in env.items()],
            "WorkingDir": "/",
            "Labels": dict(sorted(labels.items())),
            **_running(image.runtime),
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in image.layers]},
        "history": history,
    }


def _running(runtime: str) -> dict[str, Any]:
    if not runtime:
        return {"Cmd": ["/usr/bin/python3.11"]}
    standalone = [f"{HOME}/server/bin/python", "-m", "modelyard.serving.server.standalone"]
    return {
        "Cmd": standalone if runtime == STANDALONE else ["processor"],
        "ExposedPorts": {f"{EVENTS}/tcp": {}, f"{HEALTH}/tcp": {}},
        "StopSignal": "SIGTERM",
        "Healthcheck": _health_check(runtime),
    }


def _health_check(runtime: str) -> dict[str, Any]:
    check = [_PYTHON, "-I", "-S", f"{HOME}/health_check.py"]
    return {
        "Test": ["CMD", *check, str(HEALTH), str(_WAIT), _EMPTY_AT_START],
        # For starts, where Nuclio waits for the first success, and after failures: once it has
        # succeeded, the check itself waits.
        "Interval": (5 if runtime == STANDALONE else 1) * _SECOND,
        # Engines from version 25 on default to 5 s; older ones ignore it.
        "StartInterval": _SECOND,
        "Timeout": (_WAIT + _ASKING) * _SECOND,
        "Retries": 3,
        "StartPeriod": round(READY_TIMEOUT) * _SECOND,
    }


def _environment(image: ImageDescription) -> dict[str, str]:
    common = {
        "PATH": f"{HOME}/deps/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - a container's own
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    gpu = {
        "NVIDIA_VISIBLE_DEVICES": "all",
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
    }
    by_runtime = {
        "": {},
        STANDALONE: {
            # The engine decides which ports are published.
            variables.setting("host"): "0.0.0.0",  # noqa: S104
            # The file that Nuclio would mount, or else the one the function was built with.
            variables.CONFIG: f"{nuclio.CONFIG_FILE}:{HOME}/{CONFIG}",
            variables.setting("worker_python"): _PYTHON,
            # Engines kill a container 10 s after they asked it to stop.
            variables.setting("drain"): "8",
        },
        NUCLIO: {
            "NUCLIO_PYTHON_EXE_PATH": _PYTHON,
            "NUCLIO_PYTHON_WRAPPER_PATH": f"{nuclio.HOME}/_nuclio_wrapper.py",
        },
    }
    return {**common, **by_runtime[image.runtime], **(gpu if image.gpus else {}), **image.env}


def _content_digest(image: ImageDescription) -> str:
    # Without the revision: a commit that does not change an image must not yield another.
    content = {
        "layers": [layer.diff_id for layer in image.layers],
        "running": _running(image.runtime),
        "env": _environment(image),
        "labels": dict(image.labels),
        "base_env": list(image.base_env),
    }
    return _sha256(json.dumps(content, sort_keys=True).encode())


def _pairs(env: Sequence[str]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in env)


def _described(media_type: str, content: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{_sha256(content)}",
        "size": len(content),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
