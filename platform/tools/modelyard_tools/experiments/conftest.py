"""Fixtures that the tests of the experiments share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.serving.protocol.sample import sample_png
from modelyard_tools.experiments.testing.functions import Served, served


@pytest.fixture(scope="session")
def platform_of_tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A platform with a tiny model of every type."""
    with served(tmp_path_factory.mktemp("functions")) as platform:
        yield platform


@pytest.fixture
def platform(platform_of_tiny_models: Served) -> Served:
    """The same, with its recorded requests cleared."""
    platform_of_tiny_models.asked.clear()
    return platform_of_tiny_models


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a folder `photos`: one picture with a bright box, one in a subfolder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELYARD_CWD", raising=False)
    (tmp_path / "photos" / "more").mkdir(parents=True)
    (tmp_path / "photos" / "a.png").write_bytes(sample_png())
    (tmp_path / "photos" / "more" / "b.png").write_bytes(sample_png())
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    return tmp_path
