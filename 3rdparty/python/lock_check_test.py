"""This repository's locks are valid, and the check detects invalid ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lock import repository_root
from lock_check import inputs_digest, problems
from resolves import LINUX_ARM, LINUX_X86, RESOLVES, Resolve

ROOT = repository_root(Path.cwd())
ONE = f"--hash=sha256:{'1' * 64}"
TWO = f"--hash=sha256:{'2' * 64}"
SOUND = f"attrs==26.1.0 {ONE} {TWO}\npillow==13.0.0 {ONE}\n"
TOY = Resolve("toy", "toy", "toy")

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the resolve `toy` and returns its root."""

    def write_toy(lock: str, requirements: str = "attrs\npillow>=12  # Why.\n") -> Path:
        folder = tmp_path / "toy"
        folder.mkdir(exist_ok=True)
        (folder / "toy.in").write_text(requirements)
        first = f"# requirements: sha256 {inputs_digest(TOY.inputs(tmp_path))}\n"
        (folder / "toy.lock").write_text(first + lock)
        return tmp_path

    return write_toy


@pytest.mark.parametrize("name", RESOLVES)
def test_lock_agrees_with_its_requirements(name: str) -> None:
    assert problems(RESOLVES[name], ROOT) == []


def test_every_folder_with_requirements_is_a_resolve() -> None:
    folders = {path.parent for path in ROOT.glob("3rdparty/python/*/*.in")}
    assert folders <= {ROOT / resolve.folder for resolve in RESOLVES.values()}


def test_a_sound_lock(write: Write) -> None:
    assert problems(TOY, write(SOUND)) == []


def test_a_missing_lock(write: Write) -> None:
    root = write(SOUND)
    TOY.lock(root).unlink()
    assert problems(TOY, root) == ["toy.lock is missing"]


@pytest.mark.parametrize("name", ["toy.in", "toy-dev.in", "toy-overrides.in", "toy-excludes.in"])
def test_a_change_in_any_input_is_noticed(write: Write, name: str) -> None:
    root = write(SOUND)
    with (root / "toy" / name).open("a") as file:
        file.write("# A word more.\n")
    assert problems(TOY, root) == ["toy.lock was made from other .in files than those beside it"]


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        (f"attrs==26.1.0\npillow==13.0.0 {ONE}\n", "attrs==26.1.0 has no SHA-256 digest"),
        (SOUND + f"six==1.0 --hash=md5:{'1' * 32}\n", "six==1.0 has no SHA-256 digest"),
        (SOUND + "six==1.0 --hash=sha256:123\n", "six==1.0 has no SHA-256 digest"),
        (SOUND + f"six {ONE}\n", "six is not an exact pin"),
        (SOUND + f"six>=1 {ONE}\n", "six>=1 is not an exact pin"),
        (SOUND + f"six==1.* {ONE}\n", "six==1.* is not an exact pin"),
        (SOUND + f"six==1,!=2 {ONE}\n", "is not an exact pin"),
        (SOUND + f"?? {ONE}\n", "not a pinned requirement: '??'"),
        (SOUND + f"six @ https://x.example/six.whl {ONE}\n", "contains a URL or an option"),
        (SOUND + "# From https://x.example/simple\n", "contains a URL or an option"),
        (SOUND + "--index-url https://x.example/simple\n", "contains a URL or an option"),
        (SOUND + "--find-links /opt\n", "contains a URL or an option"),
        (SOUND + "-f wheels\n", "contains a URL or an option"),
        (SOUND + "-i mirror\n", "contains a URL or an option"),
        (SOUND + f"six @ file:///opt/six.whl {ONE}\n", "contains a URL or an option"),
        (f"attrs==26.1.0 {ONE}\n", "pillow>=12 has no pin for linux x86_64"),
        (f"attrs==26.1.0 {ONE}\npillow==11.0 {ONE}\n", "pillow>=12 is not what is pinned"),
        (
            f"attrs==26.1.0 {ONE}\npillow==13.0 ; sys_platform == 'linux' {ONE}\n",
            "pillow>=12 has no pin for darwin arm64",
        ),
        (SOUND + f"pillow==12.0 {ONE}\n", "pillow is pinned 2 times for linux x86_64"),
    ],
)
def test_a_faulty_lock_is_noticed(write: Write, lock: str, problem: str) -> None:
    found = problems(TOY, write(lock))
    assert any(problem in line for line in found), found


def test_requirements_for_one_system_are_asked_for_only_there(write: Write) -> None:
    lock = SOUND + f"six==1.0 ; sys_platform == 'darwin' {ONE}\n"
    requirements = "attrs\npillow\nsix ; sys_platform == 'darwin'\n"
    assert problems(TOY, write(lock, requirements)) == []
    linux = replace(TOY, platforms=(LINUX_X86, LINUX_ARM))
    assert problems(linux, write(SOUND, requirements)) == []


def test_names_may_be_spelt_in_any_way(write: Write) -> None:
    assert problems(TOY, write(f"typing-extensions==4.16.0 {ONE}\n", "Typing.Extensions\n")) == []


def test_local_versions_are_told_apart(write: Write) -> None:
    plain = f"torch==2.13.0 {ONE}\n"
    assert problems(TOY, write(plain, "torch==2.13.0+cpu\n")) != []
    assert problems(TOY, write(plain.replace("0 ", "0+cpu ", 1), "torch==2.13.0+cpu\n")) == []
