"""The folder that replaces `/opt/nuclio` for an author's code.

The code reads labels from `function.yaml` and weights by name. It may use any path below
`/opt/nuclio`; the weights of a function are in one folder.
"""

import json
import tempfile
from pathlib import Path, PurePosixPath

from modelyard.adopted.errors import AuthorError
from modelyard.serving.author.assets import Assets
from modelyard_contract.release import CONFIG, WEIGHTS


class Home:
    """The folder of the function that a worker serves, deleted with this object."""

    current: "Home | None" = None

    def __init__(self, assets: Assets) -> None:
        """Create the folder from `assets`' labels and weights, for `nuclio_path`."""
        # contract: PREFIX is Kubernetes'
        self._folder = tempfile.TemporaryDirectory(prefix="nuclio-")
        self.path = Path(self._folder.name)
        (self.path / CONFIG).write_text(json.dumps(_config(assets)), encoding="utf-8")
        weights = assets.path / WEIGHTS
        for file in sorted(weights.rglob("*")) if weights.is_dir() else ():
            if file.is_file():
                (self.path / file.name).symlink_to(file.resolve())
        Home.current = self


def nuclio_path(path: str) -> str:
    """Return the real path of a file that an author's code opens, such as `/opt/nuclio/a/b.bin`.

    That is the file with this name, whatever the author's folder. For a folder, it is the one
    with all these files.

    Raises:
        AuthorError: the function is not loaded yet.
    """
    if Home.current is None:
        raise AuthorError(f"{path} is opened before the function is loaded")
    home = Home.current.path
    file = home / PurePosixPath(path).name
    return str(file if file.exists() or file.suffix else home)


def _config(assets: Assets) -> dict[str, object]:
    """Return the part of a function.yaml that authors read; JSON is YAML."""
    annotations = {
        "name": assets.display_name,
        "type": assets.type,
        "spec": assets.labels.to_json().decode(),
    }
    return {"metadata": {"name": assets.name, "annotations": annotations}, "spec": {}}
