"""The assets folder of a function."""

import json
from pathlib import Path

import msgspec
import pytest

from modelyard.serving.author.assets import Assets, AssetsError
from modelyard.serving.testing.tiny import write_assets


class Settings(msgspec.Struct, frozen=True):
    size: int = 0


def test_the_description_is_read(tmp_path: Path) -> None:
    assets = Assets.open(write_assets(tmp_path, size=320))
    assert (assets.name, assets.display_name) == ("tiny-detector", "Tiny detector")
    assert assets.type == "detector"
    assert assets.model == "modelyard.serving.testing.tiny:BrightDetector"
    assert assets.labels.names == ("bright",)
    assert assets.params.read(Settings) == Settings(320)
    assert assets.licence == "MIT"


def test_weights_are_found_by_name(tmp_path: Path) -> None:
    assets = Assets.open(write_assets(tmp_path))
    (tmp_path / "weights" / "sub").mkdir()
    (tmp_path / "weights" / "sub" / "net.xml").write_text("x")
    assert assets.weights("sub/net.xml").read_text() == "x"


def test_missing_weights_are_named_with_those_there_are(tmp_path: Path) -> None:
    assets = Assets.open(write_assets(tmp_path))
    with pytest.raises(AssetsError, match=r"no file 'net.xml' in .*weights; the folder is empty"):
        assets.weights("net.xml")
    (tmp_path / "weights" / "net.bin").touch()
    with pytest.raises(AssetsError, match=r"there are: net\.bin"):
        assets.weights("net.xml")


@pytest.mark.parametrize("name", ["../model.json", "/etc/passwd", ".", ""])
def test_weights_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    assets = Assets.open(write_assets(tmp_path))
    with pytest.raises(AssetsError):
        assets.weights(name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read .*model.json: No such file"),
        ("{", "is not a model description"),
        ('{"schema": 1, "name": "\xff"}', "is not a model description"),
        ('{"schema": 1}', "missing required field `name`"),
        ('{"schema": 2, "name": "n", "type": "detector", "model": "m"}', "has schema 2"),
        (
            '{"schema": 1, "name": "n", "type": "detector", "model": "m", "labels": [{}]}',
            "model.json: label",
        ),
    ],
)
def test_a_bad_description_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "model.json").write_text(content, encoding="latin-1")
    with pytest.raises(AssetsError, match=message):
        Assets.open(tmp_path)


def test_the_smallest_description_is_enough(tmp_path: Path) -> None:
    described = {"schema": 1, "name": "n", "type": "reid", "model": "m"}
    (tmp_path / "model.json").write_text(json.dumps(described))
    assets = Assets.open(tmp_path)
    assert (assets.display_name, len(assets.labels)) == ("n", 0)
    assert assets.params.read(Settings) == Settings()
