"""This repository's locks are valid, and the check detects invalid ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lock import (
    LINUX_ARM,
    LINUX_X86,
    MAC_ARM,
    RESOLVES,
    Resolve,
    _uv_environment,
    inputs_digest,
    main,
    narrow,
    problems,
    repository_root,
)
from pins import LockError, parse_lock

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


def test_pins_are_read_across_lines() -> None:
    (pin,) = parse_lock(f"six==1.0 ; sys_platform == 'linux' \\\n    {ONE} \\\n    {TWO}\n")
    assert (pin.name, pin.version, pin.hashes) == ("six", "1.0", (ONE, TWO))
    assert pin.applies(dict(LINUX_X86))
    assert not pin.applies(dict(MAC_ARM))


def test_what_is_written_reads_the_same() -> None:
    pins = parse_lock(SOUND + f"six==1.0 ; sys_platform == 'linux' {ONE}\n")
    assert parse_lock("".join(pin.render() for pin in pins)) == pins


def test_other_pythons_and_systems_are_dropped() -> None:
    text = (
        f"numpy==2.4 ; python_full_version < '3.12' {ONE}\n"
        f"numpy==2.5 ; python_full_version >= '3.12' {TWO}\n"
        f"colorama==0.4 ; sys_platform == 'win32' {ONE}\n"
        f"nvidia==1 ; platform_machine == 'x86_64' {ONE}\n"
    )
    kept = [str(pin.requirement) for pin in narrow(parse_lock(text), TOY.environments())]
    assert kept == ["numpy==2.4", 'nvidia==1; platform_machine == "x86_64"']


def test_nothing_of_the_machine_steers_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "UV_CONSTRAINT",
        "UV_INDEX",
        "UV_EXCLUDE_NEWER",
        "UV_FIND_LINKS",
        "UV_CONFIG_FILE",
    ):
        monkeypatch.setenv(name, "/theirs")
    monkeypatch.setenv("UV_CACHE_DIR", "/cache")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("MODELYARD_WHEELS", "file:///made")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")
    plain = _uv_environment(Path("/root"), find_links=False)
    ours = {name: value for name, value in plain.items() if name.startswith("UV_")}
    assert ours == {
        "UV_CACHE_DIR": "/cache",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_FIND_LINKS": "/root/3rdparty/python/wheels,file:///made",
    }
    linked = _uv_environment(Path("/root"), find_links=True)
    assert linked["UV_FIND_LINKS"] == "/root/3rdparty/python/wheels,file:///made,/wheels,/more"


def test_check_writes_nothing_and_fails_when_a_lock_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "3rdparty/python/tools"
    folder.mkdir(parents=True)
    (folder / "tools.in").write_text("ruff\n")
    monkeypatch.chdir(folder)
    assert main(["--check", "tools"]) == 1
    assert capsys.readouterr().err == "lock: tools.lock is missing\n"
    assert [path.name for path in folder.iterdir()] == ["tools.in"]
    assert not (tmp_path / "3rdparty/python/wheels").exists()


def test_an_unknown_resolve_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["openvno"])
    assert "no resolve openvno; there are: default, openvino" in capsys.readouterr().err


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="run this inside the repository"):
        repository_root(tmp_path)
