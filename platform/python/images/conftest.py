"""Wheels as a package index has them, made here."""

import base64
import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

WriteWheel = Callable[..., str]


@pytest.fixture
def write_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteWheel:
    """Return what writes a wheel of some files and returns its line in a lock.

    uv finds these and no others, and keeps what it unpacks to itself.
    """
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, value in (
        ("UV_DEFAULT_INDEX", ""),
        ("UV_FIND_LINKS", str(folder)),
        ("UV_CACHE_DIR", str(tmp_path / "cache")),
    ):
        monkeypatch.setenv(name, value)

    def write(
        name: str, files: Mapping[str, str], *, version: str = "1.0", requires: Sequence[str] = ()
    ) -> str:
        info = f"{name.replace('-', '_')}-{version}.dist-info"
        needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
        extras = "Provides-Extra: fast\n"
        every = {
            **files,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            f"{needs}{extras}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n",
        }
        lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in every.items()]
        record = "\n".join([*lines, f"{info}/RECORD,,", ""])
        file = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            for path, text in {**every, f"{info}/RECORD": record}.items():
                wheel.writestr(path, text)
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"

    return write


def _digest(text: str) -> str:
    """Return a digest as RECORD has them (PEP 376)."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
