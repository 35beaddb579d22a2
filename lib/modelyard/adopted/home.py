"""The folder that replaces `/opt/nuclio` for an author's code.

The code reads labels from `function.yaml`, weights by name, and files beside itself. It may use
any path below `/opt/nuclio`, or a relative one: that folder is the working folder of Nuclio's
containers. The weights of a function are in one folder.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path, PurePath, PurePosixPath

from modelyard.adopted.errors import AuthorError
from modelyard.serving.author.assets import Assets
from modelyard_contract.nuclio import HOME
from modelyard_contract.release import CONFIG, WEIGHTS


class Home:
    """The folder of the function that a worker serves, deleted with this object.

    It contains `function.yaml`, the weights, and what lies in the author's folder.
    """

    current: "Home | None" = None

    def __init__(self, assets: Assets, author: Path | None = None) -> None:
        """Create the folder from `assets`, and from the author's folder, for `nuclio_path`."""
        # contract: PREFIX is Kubernetes'
        self._folder = tempfile.TemporaryDirectory(prefix="nuclio-")
        self.path = Path(self._folder.name)
        (self.path / CONFIG).write_text(json.dumps(_config(assets)), encoding="utf-8")
        weights = assets.path / WEIGHTS
        for file in _files(weights):
            self._link(file, PurePosixPath(file.name))
        for file in _files(author) if author else ():
            self._link(file, file.relative_to(author or file))
        Home.current = self

    def _link(self, file: Path, name: PurePath) -> None:
        """Make the file available under this name, unless there is one."""
        place = self.path / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file.resolve())

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make the folder the working folder meanwhile, as it is in Nuclio's containers."""
        # Imports would otherwise follow relative folders.
        sys.path[:] = [os.path.abspath(folder) for folder in sys.path]
        with chdir(self.path):
            yield


def nuclio_path(path: str) -> str:
    """Return the real path of a file that an author's code opens, such as `/opt/nuclio/a/b.bin`.

    That is the file at this path, or else the one with this name, whatever the author's folder.
    For a folder, it is the one with all these files.

    Raises:
        AuthorError: the function is not loaded yet.
    """
    if Home.current is None:
        raise AuthorError(f"{path} is opened before the function is loaded")
    home = Home.current.path
    given = PurePosixPath(path)
    below = home / (given.relative_to(HOME) if given.is_relative_to(HOME) else given.name)
    file = home / given.name
    if below.exists():
        return str(below)
    return str(file if file.exists() or file.suffix else home)


def _files(folder: Path) -> list[Path]:
    """Return the files below a folder, without compiled code."""
    found = sorted(folder.rglob("*")) if folder.is_dir() else ()
    return [file for file in found if file.is_file() and file.suffix != ".pyc"]


def _config(assets: Assets) -> dict[str, object]:
    """Return the part of a function.yaml that authors read; JSON is YAML."""
    annotations = {
        "name": assets.display_name,
        "type": assets.type,
        "spec": assets.labels.to_json().decode(),
    }
    return {"metadata": {"name": assets.name, "annotations": annotations}, "spec": {}}
