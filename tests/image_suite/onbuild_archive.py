"""Writes an image with the paths of Nuclio's onbuild image, for `docker load` and skopeo.

    ./pants run tests/image_suite:onbuild-archive -- FILE

It contains fakes of the processor and its wrapper. Nuclio's own image, from which they are normally
taken, is in a registry that not every machine can reach.
"""

import argparse
import hashlib
import io
import json
import tarfile
from pathlib import Path

_STAND_INS = Path(__file__).parent / "onbuild"
_BIN = "home/nuclio/bin"


def write(to: Path) -> None:
    """Write the archive to `to`."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        _add(tar, f"{_BIN}/processor", (_STAND_INS / "processor.py").read_bytes(), 0o755)
        wrapper = (_STAND_INS / "py" / "_nuclio_wrapper.py").read_bytes()
        _add(tar, f"{_BIN}/py/_nuclio_wrapper.py", wrapper)
        _add(tar, f"{_BIN}/py/test_wrapper.py", b"never copied")
    content = layer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{digest}"]}
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}
    names = {"Config": "config.json", "RepoTags": ["onbuild:double"], "Layers": ["layer.tar"]}
    with tarfile.open(to, "w") as tar:
        _add(tar, "manifest.json", json.dumps([names]).encode())
        _add(tar, "config.json", json.dumps(config).encode())
        _add(tar, "layer.tar", content)


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    tar.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a fake of Nuclio's onbuild image.")
    parser.add_argument("file", type=Path, help="the archive to write")
    write(parser.parse_args().file)
