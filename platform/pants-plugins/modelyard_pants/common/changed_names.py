"""File names with blanks or accents in `--changed-since` and `--changed-diffspec`.

Pants 2.17.1 splits git's lists of committed and untracked files at blanks, and git quotes accents
and other special characters, so that such files would never count as changed. Pants
calls the two methods before it runs rules, none of which could replace them: they are replaced
here, when Pants imports the backend, which it does first.
"""

from __future__ import annotations

from os import PathLike
from pathlib import PurePath
from typing import Iterable, Optional, Union

from pants.vcs.git import GitWorktree

# Git separates names by this character and quotes none.
_RAW = "-z"
_END = "\0"
Folder = Union[PathLike, str, None]


def changed_files(
    self: GitWorktree,
    from_commit: Optional[str] = None,
    include_untracked: bool = False,
    relative_to: Folder = None,
) -> set[str]:
    """The files that differ from HEAD and, of this branch, from `from_commit`."""
    folder = PurePath(relative_to) if relative_to is not None else self.worktree
    within = ("--", str(folder))
    names = _names(self, "diff", "--name-only", _RAW, "HEAD", *within)
    if from_commit:
        # Three dots: what changed since the branch left it, as in Pants' own method.
        names |= _names(self, "diff", "--name-only", _RAW, f"{from_commit}...HEAD", *within)
    if include_untracked:
        listing = ("ls-files", "--other", "--exclude-standard", "--full-name", _RAW)
        names |= _names(self, *listing, *within)
    return _relative(self, names, folder)


def changes_in(self: GitWorktree, diffspec: str, relative_to: Folder = None) -> set[str]:
    """The files that a commit or a range of commits changes."""
    folder = PurePath(relative_to) if relative_to is not None else self.worktree
    names = _names(self, "diff-tree", "--no-commit-id", "--name-only", "-r", _RAW, diffspec)
    return _relative(self, names, folder)


def _names(worktree: GitWorktree, *arguments: str) -> set[str]:
    command = worktree._create_git_cmdline(arguments)
    return {name for name in worktree._git_binary._invoke_unsandboxed(command).split(_END) if name}


def _relative(worktree: GitWorktree, names: Iterable[str], folder: PurePath) -> set[str]:
    return {worktree._fix_git_relative_path(name, folder) for name in names}


def replace_methods() -> None:
    """Let Pants list changed files with these functions."""
    GitWorktree.changed_files = changed_files  # type: ignore[method-assign]
    GitWorktree.changes_in = changes_in  # type: ignore[method-assign]
