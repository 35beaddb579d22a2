from pathlib import Path

import msgspec
import pytest

from modelyard_tools.deployer.core.plan import Action, Running, make_plan
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.releases.manifest import Manifest, Parts
from modelyard_tools.testing.releases import FakeRelease


def built(name: str = "echo", blocked: str | None = None) -> BuiltRelease:
    content = FakeRelease(name=name, port=4711, blocked=blocked).manifest()
    return BuiltRelease(Path("folder"), Path("deps"), msgspec.convert(content, Manifest))


def running(release: BuiltRelease, state: str = "ready", **other_parts: str) -> Running:
    manifest = release.manifest
    parts = msgspec.structs.replace(manifest.parts, **other_parts)
    digest = "f" * 64 if other_parts else manifest.digest
    return Running(digest, state, parts)


def plan(release: BuiltRelease, present: Running | None) -> tuple[Action, str]:
    name = release.manifest.name
    (step,) = make_plan([release], {name: present} if present else {}, prune=False)
    return step.action, step.reason


def test_a_function_that_is_not_there_is_created() -> None:
    assert plan(built(), None) == (Action.CREATE, "new")


def test_a_function_of_the_same_digest_is_unchanged() -> None:
    assert plan(built(), running(built())) == (Action.UNCHANGED, "")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"srcs": "0" * 64}, "sources changed"),
        ({"deps": "0" * 64, "spec": "1" * 64}, "dependencies, configuration changed"),
        ({"assets": "0" * 64}, "weights or labels changed"),
    ],
)
def test_an_update_says_what_changed(parts: dict[str, str], reason: str) -> None:
    assert plan(built(), running(built(), **parts)) == (Action.UPDATE, reason)


def test_a_change_outside_the_parts_is_the_description() -> None:
    same_parts: Parts = built().manifest.parts
    present = Running("f" * 64, "ready", same_parts)
    assert plan(built(), present) == (Action.UPDATE, "description changed")


def test_an_unknown_release_is_replaced() -> None:
    assert plan(built(), Running(None, "ready")) == (Action.UPDATE, "another release is running")


@pytest.mark.parametrize("state", ["error", "unhealthy"])
def test_the_same_digest_is_deployed_again_when_it_does_not_serve(state: str) -> None:
    assert plan(built(), running(built(), state)) == (Action.UPDATE, f"it is {state}")


@pytest.mark.parametrize("present", [None, Running("f" * 64, "ready")])
def test_a_blocked_release_is_never_deployed(present: Running | None) -> None:
    assert plan(built(blocked="no weights"), present) == (Action.BLOCKED, "no weights")


def test_what_was_not_built_is_kept_unless_pruned() -> None:
    present = {"old": Running("f" * 64, "ready"), "foreign": Running(None, "ready")}
    for prune, action in ((False, Action.KEEP), (True, Action.REMOVE)):
        steps = make_plan([built("new")], present, prune=prune)
        assert [(step.name, step.action) for step in steps] == [
            ("new", Action.CREATE),
            ("old", action),
        ]
