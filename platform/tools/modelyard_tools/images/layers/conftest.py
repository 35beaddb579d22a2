"""Wheels for tests, as a package index would have them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from wheel_file import PURE_PYTHON
from wheel_file import write_wheel as write_wheel_file

WriteWheel = Callable[..., str]


@pytest.fixture
def write_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteWheel:
    """Return a function that writes a wheel of some files and returns its line in a lock.

    uv finds only these wheels, and its cache is private to the test.
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
            f"{info}/WHEEL": PURE_PYTHON.decode(),
        }
        file = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        write_wheel_file(file, ((path, text.encode()) for path, text in every.items()))
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"

    return write
