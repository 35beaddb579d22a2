"""An image as the tar that `docker load` and `podman load` read.

Layers are stored as in the layout; both tools accept plain and compressed ones.
"""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from modelyard_contract.limits import MIB
from modelyard_tools.images.compressed import Sink
from modelyard_tools.images.layout import Layout

Wanted = Callable[[int], bool]


def write_archive(
    layout: Layout, tags: list[str], to: Sink, wanted: Wanted = lambda index: True
) -> None:
    """Write the image to `to`, with only the layers whose index is `wanted`.

    An engine does not read a layer that it already has together with all layers below it.
    """
    layers = [f"{blob.digest.partition(':')[2]}.tar" for blob in layout.layers]
    config = f"{layout.config.digest.partition(':')[2]}.json"
    manifest = [{"Config": config, "RepoTags": tags, "Layers": layers}]
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT, bufsize=MIB) as tar:
        content = json.dumps(manifest).encode()
        _add_bytes(tar, "manifest.json", content)  # contract: MANIFEST is that of a release
        _add_bytes(tar, config, layout.config.path.read_bytes())
        written = set()
        for index, (name, blob) in enumerate(zip(layers, layout.layers, strict=True)):
            if name not in written and wanted(index):
                written.add(name)
                _add_file(tar, name, blob.path)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _add_file(tar: tarfile.TarFile, name: str, path: Path) -> None:
    info = tarfile.TarInfo(name)
    info.size = path.stat().st_size
    with path.open("rb") as file:
        tar.addfile(info, file)
