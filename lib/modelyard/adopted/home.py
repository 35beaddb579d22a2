"""The folder that an author's code takes for `/opt/nuclio`.

There it reads its labels from `function.yaml` and its weights by name. Authors' code may spell
any path below `/opt/nuclio`; the weights of a function lie in one folder.
"""

import json
import tempfile
from pathlib import Path, PurePosixPath

from modelyard.adopted.errors import AuthorError
from modelyard.serving.author.assets import Assets
from modelyard_contract.release import CONFIG, WEIGHTS


class Home:
    """The folder of the one function that a worker serves; it ends with this object."""

    current: "Home | None" = None

    def __init__(self, assets: Assets) -> None:
        """Make the folder, of `assets`' labels and weights, and let `nuclio_path` lead there."""
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
    """Return where the file lies that an author's code calls `path`, such as `/opt/nuclio/a/b.bin`.

    That is the file of this name, in whatever folder the author expects it. A folder is the one
    of all these files.

    Raises:
        AuthorError: the function is not loaded yet.
    """
    if Home.current is None:
        raise AuthorError(f"{path} is asked for before the function is loaded")
    home = Home.current.path
    file = home / PurePosixPath(path).name
    return str(file if file.exists() or file.suffix else home)


def _config(assets: Assets) -> dict[str, object]:
    """Return what authors read of a function.yaml; JSON is YAML."""
    annotations = {
        "name": assets.display_name,
        "type": assets.type,
        "spec": assets.labels.to_json().decode(),
    }
    return {"metadata": {"name": assets.name, "annotations": annotations}, "spec": {}}
