"""The repository that tests adopt into."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard_tools.adopt.testing.rows import SHARED_LABELS

LOCKS = Path(__file__).parents[4] / "3rdparty" / "python"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small repository, and the current folder."""
    root = tmp_path / "repository"
    labels = root / "lib" / "modelyard" / "annotation" / "labels"
    labels.mkdir(parents=True)
    (labels / "coco_91.json").write_text(json.dumps(SHARED_LABELS))
    (root / "lib" / "modelyard" / "adopted").mkdir()
    for resolve in ("openvino", "torch-cpu"):
        file = root / "3rdparty" / "python" / resolve / f"{resolve}.in"
        file.parent.mkdir(parents=True)
        shutil.copyfile(LOCKS / resolve / f"{resolve}.in", file)
    # Pants gives relative paths, which would lead into this repository.
    monkeypatch.setattr(sys, "path", [os.path.abspath(path) for path in sys.path])
    monkeypatch.chdir(root)
    yield root
    for name in [name for name in sys.modules if name.partition(".")[0].endswith("_2")]:
        del sys.modules[name]
