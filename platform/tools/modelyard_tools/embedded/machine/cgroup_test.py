"""Control groups, in a folder that looks like the kernel's."""

import os
from pathlib import Path

import pytest

from modelyard_tools.embedded.machine.cgroup import Groups


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    return tmp_path


def test_the_platform_makes_room_for_limited_children(root: Path) -> None:
    assert Groups.open(root)
    assert (root / "modelyard" / "cgroup.procs").read_text() == str(os.getpid())
    assert (root / "cgroup.subtree_control").read_text() == "+cpu +memory"


def test_a_group_holds_the_limits(root: Path) -> None:
    groups = Groups.open(root)
    assert groups
    group = groups.make("echo", memory=1024, cpus=1.5)
    assert (group / "memory.max").read_text() == "1024"
    assert (group / "memory.swap.max").read_text() == "0"
    assert (group / "cpu.max").read_text() == "150000 100000"
    other = groups.make("echo", memory=None, cpus=0.1)
    assert not (other / "memory.max").exists()
    assert (other / "cpu.max").read_text() == "10000 100000"


def test_groups_of_a_killed_platform_are_removed(root: Path) -> None:
    left, foreign = root / "modelyard-1-1-echo", root / "other"
    left.mkdir()
    foreign.mkdir()
    Groups.open(root)
    assert not left.exists()
    assert foreign.exists()


def test_without_the_controllers_there_are_no_groups(root: Path) -> None:
    (root / "cgroup.controllers").write_text("cpu pids")
    assert Groups.open(root) is None
    assert not (root / "modelyard").exists()


def test_a_group_that_is_not_ours_is_left_as_it_was(root: Path) -> None:
    # The kernel refuses to limit the children of a group that holds processes.
    (root / "cgroup.subtree_control").mkdir()
    assert Groups.open(root) is None
    assert (root / "cgroup.procs").read_text() == str(os.getpid())
