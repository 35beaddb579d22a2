"""The plan: a comparison of what was built with what is running."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.home.state import SERVING_STATES
from modelyard_tools.releases.manifest import Manifest, Parts

_PART_NAMES = {
    "srcs": "sources",
    "deps": "dependencies",
    "assets": "weights or labels",
    "spec": "configuration",
}


class Action(StrEnum):
    """What happens to a function."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"
    REMOVE = "remove"
    KEEP = "keep"


class Running(msgspec.Struct, frozen=True):
    """A function that the platform has. `parts` is None if the release is not known.

    `stale` is the reason to deploy it again although the release is the same.
    """

    digest: str | None
    state: str
    parts: Parts | None = None
    stale: str = ""


class Step(msgspec.Struct, frozen=True):
    """One function, what happens to it, and why. `release` is None if it was not built."""

    name: str
    action: Action
    reason: str = ""
    release: BuiltRelease | None = None

    @property
    def deploys(self) -> bool:
        """Whether a release is to be deployed."""
        return self.action in (Action.CREATE, Action.UPDATE)


def make_plan(
    releases: Iterable[BuiltRelease], running: Mapping[str, Running], *, prune: bool
) -> list[Step]:
    """Return one step per function, by name.

    A running function that was not built is kept, or with `prune` removed, if
    it came from a deployer; functions that others deployed are left out.
    """
    built = {release.manifest.name: release for release in releases}
    steps = [_step(release, running.get(name)) for name, release in built.items()]
    for name, function in running.items():
        if name not in built and function.digest:
            action = Action.REMOVE if prune else Action.KEEP
            reason = "not in this build" if prune else "not in this build; --prune removes it"
            steps.append(Step(name, action, reason))
    return sorted(steps, key=lambda step: step.name)


def _step(release: BuiltRelease, running: Running | None) -> Step:
    manifest = release.manifest
    if manifest.blocked:
        return Step(manifest.name, Action.BLOCKED, manifest.blocked, release)
    if running is None:
        return Step(manifest.name, Action.CREATE, "new", release)
    serves = running.state in SERVING_STATES and not running.stale
    if running.digest == manifest.digest and serves:
        return Step(manifest.name, Action.UNCHANGED, "", release)
    return Step(manifest.name, Action.UPDATE, _why(manifest, running), release)


def _why(manifest: Manifest, running: Running) -> str:
    if running.digest == manifest.digest:
        return running.stale or f"it is {running.state}"
    if running.parts is None:
        return "another release is running"
    changed = [
        word
        for part, word in _PART_NAMES.items()
        if getattr(manifest.parts, part) != getattr(running.parts, part)
    ]
    return f"{', '.join(changed) or 'description'} changed"
