from pathlib import Path

import pytest

from modelyard_tools.home.folders import Home, HomeError


@pytest.mark.parametrize(
    ("env", "root"),
    [
        ({"MODELYARD_HOME": "/a/b", "XDG_STATE_HOME": "/x"}, Path("/a/b")),
        ({"XDG_STATE_HOME": "/x"}, Path("/x/modelyard")),
        ({"MODELYARD_HOME": ""}, Path.home() / ".local/state/modelyard"),
        ({"MODELYARD_HOME": "~/here"}, Path.home() / "here"),
    ],
)
def test_the_environment_names_the_folder(env: dict[str, str], root: Path) -> None:
    assert Home.from_env(env).root == root


def test_preparing_makes_the_home_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "home")
    home.prepare()
    home.prepare()
    assert home.functions.is_dir()
    assert home.root.stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match=r"cannot write to .*/file: .*MODELYARD_HOME"):
        Home(tmp_path / "file").prepare()
