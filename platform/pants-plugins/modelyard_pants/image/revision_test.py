"""The commit of a real git repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pants.core.util_rules.system_binaries import GitBinary
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks
from pants.vcs.git import GitWorktree, GitWorktreeRequest, MaybeGitWorktree

from modelyard_pants.image.revision import SourceRevision, source_revision

GIT = "/usr/bin/git"


def _git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    command = [GIT, "-C", str(folder), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    if not Path(GIT).exists():
        pytest.skip("without git there is no repository")
    _git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("dist\n")
    (tmp_path / "handler.py").write_text("")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--no-gpg-sign", "-m", "Begin")
    return tmp_path


def _revision(worktree: GitWorktree | None) -> SourceRevision:
    found = MaybeGitWorktree(worktree)
    return run_rule_with_mocks(
        source_revision,
        mock_gets=[MockGet(MaybeGitWorktree, (GitWorktreeRequest,), lambda _: found)],
    )


def _revision_of(repository: Path) -> str | None:
    return _revision(GitWorktree(GitBinary(GIT), worktree=repository)).commit


def test_it_is_the_commit_that_is_checked_out(repository: Path) -> None:
    commit = _revision_of(repository)
    assert commit == _git(repository, "rev-parse", "HEAD")
    # Git's own form: 40 hexadecimal digits of SHA-1.
    assert len(str(commit)) == 40


@pytest.mark.parametrize("file", ["handler.py", "new.py", "größe 猫.py"])
def test_where_files_differ_from_it_that_is_said(repository: Path, file: str) -> None:
    (repository / file).write_text("edited")
    assert _revision_of(repository) == f"{_git(repository, 'rev-parse', 'HEAD')}-dirty"


def test_what_git_ignores_is_no_difference(repository: Path) -> None:
    (repository / "dist").mkdir()
    (repository / "dist/image.tar").write_text("")
    assert _revision_of(repository) == _git(repository, "rev-parse", "HEAD")


def test_without_git_there_is_none() -> None:
    revision = _revision(None)
    assert revision == SourceRevision(None)
    # It changes where no file does.
    assert not revision.cacheable()
