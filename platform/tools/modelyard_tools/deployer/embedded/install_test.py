import shutil
from pathlib import Path

import pytest

from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.releases import BuiltRelease, read_releases
from modelyard_tools.deployer.embedded.install import (
    clean,
    install_dependencies,
    install_release,
    parts_of,
)
from modelyard_tools.deployer.testing.deployer import Build
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.releases import HANDLER, FakeRelease


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


def built(root: Path, version: str = "1") -> BuiltRelease:
    source = HANDLER.format(version=version)
    (release,) = read_releases(Build(root, [FakeRelease(name="echo", port=1, source=source)]).root)
    return release


def test_a_release_is_unpacked_without_what_pex_adds(tmp_path: Path, home: Home) -> None:
    release = built(tmp_path / "build")
    install_release(home, release)
    install_release(home, release)
    (folder,) = home.releases.iterdir()
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "manifest.json",
        "function.yaml",
        "srcs/tiny.py",
        "assets/model.json",
        "assets/weights/tiny.bin",
    }
    assert parts_of(home, release.manifest.digest) == release.manifest.parts


def test_weights_that_are_there_are_not_copied_again(tmp_path: Path, home: Home) -> None:
    for version in ("1", "2"):
        install_release(home, built(tmp_path / version, version))
    weights = [folder / "assets/weights/tiny.bin" for folder in home.releases.iterdir()]
    assert len(weights) == 2
    assert weights[0].samefile(weights[1])
    original = tmp_path / "1/releases/echo/cpu/assets/weights/tiny.bin"
    assert not weights[0].samefile(original)


def test_a_damaged_release_leaves_nothing(tmp_path: Path, home: Home) -> None:
    release = built(tmp_path / "build")
    shutil.rmtree(release.folder / "srcs.pex")
    with pytest.raises(DeployError, match="cannot install echo"):
        install_release(home, release)
    assert list(home.releases.iterdir()) == []


def test_cleaning_keeps_what_is_used(tmp_path: Path, home: Home) -> None:
    old, new = built(tmp_path / "1", "1"), built(tmp_path / "2", "2")
    for release in (old, new):
        install_release(home, release)
    install_dependencies(home, new)
    for stale in (home.deps / "other", home.platforms / "old", home.releases / ".new-killed"):
        stale.mkdir()
    for digest in ("gone", new.manifest.parts.assets):
        (home.compiled / digest).mkdir()
    (home.platforms / "mine").mkdir()
    clean(home, {new.manifest.digest}, platform="mine")
    assert [folder.name for folder in home.releases.iterdir()] == [new.manifest.digest]
    assert [folder.name for folder in home.deps.iterdir()] == [new.manifest.parts.deps]
    assert [folder.name for folder in home.compiled.iterdir()] == [new.manifest.parts.assets]
    assert [folder.name for folder in home.platforms.iterdir()] == ["mine"]
