import socket
import subprocess
from pathlib import Path

import pytest

from pages.conftest import MakePage
from pages.script import main, script

NONE: frozenset[str] = frozenset()


def run(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_commands_of_a_page_run_in_one_shell_from_top_to_bottom(
    make_page: MakePage, tmp_path: Path
) -> None:
    page = make_page(
        "```sh\nexport A=1\n```\n\n```text\nfalse\n```\n\n```sh\necho $A >>seen.txt\n```\n"
    )
    assert run(script(page, NONE), tmp_path).returncode == 0
    assert (tmp_path / "seen.txt").read_text() == "1\n"


def test_a_page_ends_at_the_first_command_that_fails(make_page: MakePage, tmp_path: Path) -> None:
    page = make_page("```sh\nfalse | cat\ntouch reached\n```\n")
    assert run(script(page, NONE), tmp_path).returncode == 1
    assert not (tmp_path / "reached").exists()


def test_a_file_that_the_page_shows_is_written_as_it_is(
    make_page: MakePage, tmp_path: Path
) -> None:
    page = make_page("```python empty.py\n```\n\n```python a/b.py\nx = '$HOME'  # `y`\n```\n")
    assert run(script(page, NONE), tmp_path).returncode == 0
    assert (tmp_path / "a" / "b.py").read_text() == "x = '$HOME'  # `y`\n"


def test_what_this_machine_lacks_is_left_out(make_page: MakePage, tmp_path: Path) -> None:
    page = make_page("```sh docker\necho seen\n```\n")
    assert script(page, NONE) == ""
    assert "seen" in run(script(page, frozenset({"docker"})), tmp_path).stdout


def test_a_server_is_waited_for_and_ended(make_page: MakePage, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    page = make_page(
        f"```sh serves:{port}\npython3 -m http.server --bind 127.0.0.1 {port}\n```\n\n"
        f"```sh\nexec 3<>/dev/tcp/127.0.0.1/{port}\n```\n"
    )
    done = run(script(page, NONE), tmp_path)
    assert done.returncode == 0, done.stderr
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", port)) != 0


def test_a_server_that_ends_at_once_fails_the_page(make_page: MakePage, tmp_path: Path) -> None:
    assert run(script(make_page("```sh serves:9\nfalse\n```\n"), NONE), tmp_path).returncode != 0


def test_a_file_is_written_for_each_page_with_commands(
    tmp_path: Path, make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_page("```sh\ntrue\n```\n", "docs/a.md")
    make_page("Words.\n", "docs/b.md")
    monkeypatch.chdir(tmp_path)
    assert main(["docs/a.md", "docs/b.md", "--into", "."]) == 0
    assert [path.name for path in tmp_path.glob("*.sh")] == ["docs.a.md.sh"]
