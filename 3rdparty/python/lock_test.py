"""How locks are read and narrowed, and what the program does with its arguments and variables."""

from pathlib import Path

import pytest

from lock import _uv_environment, main, narrow, repository_root
from pins import LockError, parse_lock
from resolves import LINUX_X86, MAC_ARM, Resolve

ONE = f"--hash=sha256:{'1' * 64}"
TWO = f"--hash=sha256:{'2' * 64}"
SOUND = f"attrs==26.1.0 {ONE} {TWO}\npillow==13.0.0 {ONE}\n"
TOY = Resolve("toy", "toy", "toy")


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
