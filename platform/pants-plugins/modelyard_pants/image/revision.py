"""The commit that an image is labelled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.rules import Get, collect_rules, rule
from pants.vcs.git import GitWorktreeRequest, MaybeGitWorktree


@dataclass(frozen=True)
class SourceRevision(EngineAwareReturnType):
    """The current commit, with `-dirty` if files differ from it; None without git."""

    commit: str | None

    def cacheable(self) -> bool:
        return False


@rule
async def source_revision() -> SourceRevision:
    git = (await Get(MaybeGitWorktree, GitWorktreeRequest())).git_worktree
    if git is None:
        return SourceRevision(None)
    changed = git.changed_files(include_untracked=True)
    return SourceRevision(git.commit_id + ("-dirty" if changed else ""))


def rules() -> Iterable[Any]:
    return collect_rules()
