"""A synthetic repository: this one's code, with N small functions instead of its own."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

_HANDLER: Final = '''"""A function of the benchmark."""

from modelyard.annotation import Rectangle
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.model import Detector

VERSION = 0


class Model(Detector):
    def load(self, assets: Assets, device: Device) -> None:
        pass

    def detect(self, image: Image, threshold: float) -> list[Rectangle]:
        return []
'''
_BUILD: Final = """python_sources(name="lib")

model_function(
    type="detector", framework="openvino", display_name="{name}", description="Synthetic",
    labels=["thing"], licence="none", origin="a benchmark", port={port},
)
"""
# With so many functions, ports derived from names would collide.
_PORT: Final = 20000


def make_repository(original: Path, folder: Path, functions: int) -> None:
    """Write a repository of `functions` functions that share the library and one resolve.

    Files of `original` that Git tracks are copied, except its functions and tests.

    Raises:
        subprocess.CalledProcessError: `original` is not a Git repository.
    """
    tracked = _git(original, "ls-files", "-z").split("\0")
    for name in filter(_is_shared, tracked):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(original / name, target)
    shared = original / "functions/openvino/BUILD"
    for number in range(functions):
        function = folder / f"functions/openvino/{name_of(number)}"
        function.mkdir(parents=True)
        (function / "__init__.py").touch()
        (function / "handler.py").write_text(_HANDLER)
        (function / "BUILD").write_text(_BUILD.format(name=name_of(number), port=_PORT + number))
    shutil.copy(shared, folder / "functions/openvino/BUILD")
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-qm", "start")


def name_of(number: int) -> str:
    """Return the name of a function's folder."""
    return f"synthetic_{number:04d}"


def handler_of(folder: Path, number: int) -> Path:
    """Return the file of a function's handler."""
    return folder / "functions/openvino" / name_of(number) / "handler.py"


def edit(file: Path, count: int) -> None:
    """Edit one line of a Python file, so that its bytecode changes."""
    text = file.read_text()
    line = f"BENCHMARK_EDIT = {count}\n"
    if "BENCHMARK_EDIT" in text:
        text = text[: text.index("BENCHMARK_EDIT")]
    file.write_text(text + line)


def _is_shared(name: str) -> bool:
    return bool(name) and not name.startswith(("functions/", "tests/"))


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own Git
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
