"""Which packages of a lock are needed: directly, indirectly or not at all."""

from pathlib import Path

import pytest

from modelyard_tools.images.errors import ImageToolError
from modelyard_tools.images.layers.closure import Package, closure
from modelyard_tools.images.layers.conftest import WriteWheel
from modelyard_tools.images.layers.installed import Installed
from modelyard_tools.images.layers.locked import parse_lock, parse_requirements


def found(asked: str, lock: list[str], folder: Path) -> list[Package]:
    pins = parse_lock("\n".join(lock))
    return closure(parse_requirements(asked), pins, Installed(folder / "installed"))


def test_dependencies_are_found_level_by_level(write_wheel: WriteWheel, tmp_path: Path) -> None:
    lock = [
        write_wheel("app", {"app.py": "A = 1"}, requires=["Base_Lib>=1", "gone; os_name == 'nt'"]),
        write_wheel("base-lib", {"base.py": "B = 22"}, requires=["low"]),
        write_wheel("low", {"low/__init__.py": "", "low/tests/test_x.py": "X"}),
        write_wheel("unused", {"unused.py": ""}),
    ]
    packages = found("app\n", lock, tmp_path)
    assert [(item.name, item.needs) for item in packages] == [
        ("app", ["base-lib"]),
        ("base-lib", ["low"]),
        ("low", []),
    ]
    assert [item.pin for item in packages] == lock[:3]


def test_an_extra_brings_what_it_names(write_wheel: WriteWheel, tmp_path: Path) -> None:
    lock = [
        write_wheel("app", {"app.py": ""}, requires=["quick; extra == 'fast'"]),
        write_wheel("quick", {"quick.py": ""}),
    ]
    assert [item.name for item in found("app", lock, tmp_path / "a")] == ["app"]
    assert [item.name for item in found("app[fast]", lock, tmp_path / "b")] == ["app", "quick"]


def test_packages_may_need_each_other(write_wheel: WriteWheel, tmp_path: Path) -> None:
    lock = [
        write_wheel("one", {"one.py": ""}, requires=["other"]),
        write_wheel("other", {"other.py": ""}, requires=["one"]),
    ]
    assert [item.name for item in found("one", lock, tmp_path)] == ["one", "other"]


def test_the_size_is_that_of_the_files_an_image_keeps(
    write_wheel: WriteWheel, tmp_path: Path
) -> None:
    files = {"app/__init__.py": "12345", "app/tests/test_x.py": "x" * 99, "app/x.h": "x" * 99}
    bare = write_wheel("app", {"app/__init__.py": ""}, version="1.0")
    full = write_wheel("app", files, version="2.0")
    [one] = found("app", [bare], tmp_path / "a")
    [two] = found("app", [full], tmp_path / "b")
    assert two.size - one.size == 5


def test_what_the_lock_lacks_is_an_error(write_wheel: WriteWheel, tmp_path: Path) -> None:
    lock = [write_wheel("app", {"app.py": ""}, requires=["left-pad"])]
    with pytest.raises(ImageToolError, match="app needs left-pad, which the lock lacks"):
        found("app", lock, tmp_path)


@pytest.mark.parametrize(("second", "fails"), [("A = 1", False), ("A = 2", True)])
def test_two_packages_may_contain_one_file_only_if_it_is_the_same(
    write_wheel: WriteWheel, tmp_path: Path, second: str, fails: bool
) -> None:
    lock = [
        write_wheel("one", {"shared/__init__.py": "A = 1"}),
        write_wheel("two", {"shared/__init__.py": second}),
    ]
    if not fails:
        assert len(found("one\ntwo", lock, tmp_path)) == 2
        return
    with pytest.raises(ImageToolError, match="one and two contain different files named shared/"):
        found("one\ntwo", lock, tmp_path)


def test_a_wheel_of_another_digest_is_refused(write_wheel: WriteWheel, tmp_path: Path) -> None:
    name, _ = write_wheel("app", {"app.py": ""}).split(" ")
    with pytest.raises(ImageToolError, match=r"the lock pins: .*[Hh]ash"):
        found("app", [f"{name} --hash=sha256:{'0' * 64}"], tmp_path)
