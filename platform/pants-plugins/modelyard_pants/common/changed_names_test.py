"""Changed files of a real git repository, whose names have blanks and accents."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Callable

import pytest
from pants.core.util_rules.system_binaries import GitBinary
from pants.vcs.git import GitWorktree
from pants.version import VERSION

from modelyard_pants import register

GIT = "/usr/bin/git"
NAMES = (
    "plain.py",
    "two words.py",
    "bäume.py",
    'a "quoted" one.py',
    "猫 und\tHund.py",
    "s p/ü b.py",
)

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    if not Path(GIT).exists():
        pytest.skip("without git there is no repository")

    def run(*arguments: str) -> str:
        author = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
        command = [GIT, "-C", str(tmp_path), *author, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    (tmp_path / "BUILDROOT").touch()
    run("add", ".")
    run("commit", "--quiet", "--no-gpg-sign", "-m", "Begin")
    monkeypatch.chdir(tmp_path)
    return run


def _write(folder: Path, text: str) -> None:
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def _commit(git: Git, message: str) -> None:
    git("add", ".")
    git("commit", "--quiet", "--no-gpg-sign", "-m", message)


def _changed(folder: Path, since: str | None, diffspec: str | None = None) -> set[str]:
    # Importing the backend is what replaces Pants' own methods.
    assert register.rules()
    worktree = GitWorktree(GitBinary(GIT), worktree=folder)
    # As pants.vcs.changed calls them.
    if diffspec:
        return worktree.changes_in(diffspec, relative_to=folder)
    return worktree.changed_files(from_commit=since, include_untracked=True, relative_to=folder)


def test_untracked_files(git: Git, tmp_path: Path) -> None:
    _write(tmp_path, "new")
    assert _changed(tmp_path, "HEAD") == set(NAMES)


def test_files_of_the_index_and_uncommitted_edits(git: Git, tmp_path: Path) -> None:
    _write(tmp_path, "new")
    git("add", ".")
    assert _changed(tmp_path, "HEAD") == set(NAMES)
    _commit(git, "Add them")
    assert _changed(tmp_path, "HEAD") == set()
    _write(tmp_path, "edited")
    assert _changed(tmp_path, "HEAD") == set(NAMES)


def test_committed_and_removed_files(git: Git, tmp_path: Path) -> None:
    _write(tmp_path, "new")
    _commit(git, "Add them")
    assert _changed(tmp_path, "HEAD~1") == set(NAMES)
    assert _changed(tmp_path, None, "HEAD~1..HEAD") == set(NAMES)
    git("rm", "--quiet", "-r", ".")
    assert _changed(tmp_path, "HEAD") == {*NAMES, "BUILDROOT"}


def test_what_main_has_got_since_does_not_count(git: Git, tmp_path: Path) -> None:
    git("switch", "--quiet", "-c", "branch")
    _write(tmp_path, "new")
    _commit(git, "Add them")
    git("switch", "--quiet", "main")
    (tmp_path / "another one.py").touch()
    _commit(git, "Go on")
    git("switch", "--quiet", "branch")
    assert _changed(tmp_path, "main") == set(NAMES)


def test_the_methods_are_those_of_the_version_that_is_pinned() -> None:
    # A newer Pants may have repaired its own: look whether these are still needed.
    assert VERSION == "2.17.1"
