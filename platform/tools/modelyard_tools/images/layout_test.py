"""Layouts in one folder, as registries have them, and with separate layers."""

import hashlib
import json
from pathlib import Path

import pytest

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layout import Layout

LAYERS = (b"base", b"srcs")


def write_blob(folder: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    path = folder / "blobs" / "sha256" / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return f"sha256:{digest}"


def describe(folder: Path) -> Path:
    """Write an image without its layers."""
    digests = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in LAYERS]
    config = {"rootfs": {"diff_ids": digests}, "config": {"Labels": {"a": "b"}}}
    manifest = {
        "config": {"digest": write_blob(folder, json.dumps(config).encode())},
        "layers": [{"digest": digest} for digest in digests],
    }
    named = {"org.opencontainers.image.ref.name": "team/x:1"}
    digest = write_blob(folder, json.dumps(manifest).encode())
    index = {"manifests": [{"digest": digest, "annotations": named}]}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def contents(layout: Layout) -> tuple[bytes, ...]:
    return tuple(layer.path.read_bytes() for layer in layout.layers)


def test_a_layout_in_one_folder(tmp_path: Path) -> None:
    for layer in LAYERS:
        write_blob(tmp_path, layer)
    layout = Layout.read(describe(tmp_path))
    assert contents(layout) == LAYERS
    assert (layout.reference, layout.labels) == ("team/x:1", {"a": "b"})
    assert [len(chain) for chain in layout.chains()] == [1, 2]


def test_separate_layers(tmp_path: Path) -> None:
    describe(tmp_path / "described")
    for number, layer in enumerate(LAYERS):
        write_blob(tmp_path / "layers" / str(number), layer)
    assert contents(Layout.read(tmp_path)) == LAYERS


def test_the_description_of_an_image_can_be_read_alone(tmp_path: Path) -> None:
    layout = Layout.read(describe(tmp_path))
    assert len(layout.layers) == len(LAYERS)
    assert not layout.layers[0].path.exists()


def test_a_folder_without_an_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageToolError, match="does not contain an image"):
        Layout.read(tmp_path)
