import json
from pathlib import Path

import pytest

from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.releases import read_releases
from modelyard_tools.deployer.testing.deployer import Build
from modelyard_tools.testing.releases import FakeRelease


def test_releases_are_read_by_name(tmp_path: Path) -> None:
    build = Build(tmp_path, [FakeRelease(name="b", port=2), FakeRelease(name="a", port=1)])
    first, second = read_releases(build.root)
    assert (first.manifest.name, second.manifest.name) == ("a", "b")
    assert (first.folder / "srcs.pex").is_dir()
    assert first.deps.is_dir()


def test_a_folder_that_is_not_a_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"cannot read .*index.json.*is .* the result of a build"):
        read_releases(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("schema", 2, "has schema 2"),
        ("digest", "../../etc", "is not a release manifest.*digest"),
        ("name", "Bad/Name", "is not a release manifest.*name"),
        ("port", 0, "is not a release manifest.*port"),
    ],
)
def test_a_wrong_manifest_is_refused(
    tmp_path: Path, field: str, value: object, reason: str
) -> None:
    build = Build(tmp_path, [FakeRelease(name="echo", port=1)])
    path = build.root / "releases/echo/cpu/manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(DeployError, match=f"manifest.json {reason}"):
        read_releases(build.root)


def test_two_releases_with_the_same_name_are_refused(tmp_path: Path) -> None:
    releases = [FakeRelease(name="echo", port=1, variant=variant) for variant in ("cpu", "gpu")]
    build = Build(tmp_path, releases)
    with pytest.raises(DeployError, match="both named echo"):
        read_releases(build.root)
