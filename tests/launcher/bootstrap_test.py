"""The first call: what it prepares, once, and the one-sentence message of each failure."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.conftest import HERE, Answer, Machine
from launcher.fake_python import PEX_CONTENTS, PEX_SUM, WHEEL

NO_NETWORK = """\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'
ERROR: Could not find a version that satisfies the requirement six==1.17.0 (from versions: none)
"""
WRONG_HASH = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
UNTRUSTED = "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))"
DISK_FULL = (
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
)
ODD = "Looking in indexes\nERROR: something else broke\n"


def assert_fails(answer: Answer, *parts: str) -> None:
    """The launcher exited with its own code and one sentence that contains all parts."""
    assert answer.code == 2
    assert answer.pants is None
    *progress, sentence = answer.sentences
    assert sentence.startswith("modelyard: ")
    assert sentence.endswith(".")
    assert all(line.endswith(" …") for line in progress)
    for part in parts:
        assert part in sentence


def test_first_call_shows_progress_and_the_second_is_silent(machine: Machine) -> None:
    first = machine.call("list")
    assert first.sentences[0].startswith("modelyard: preparing Pants 2.17.1 in ")
    assert first.sentences[-1] == "modelyard: Pants 2.17.1 is ready."
    machine.log.unlink()
    assert machine.call("list").stderr == ""
    assert len(machine.calls()) == 1  # Pants itself, and nothing before it.


def test_everything_installed_is_checked_against_the_lock(machine: Machine) -> None:
    machine.call("list")
    lock = str(machine.repository / "platform/launcher/pants.lock")
    for step in ("download", "install"):
        (call,) = machine.calls("-m", "pip", step)
        assert {"--require-hashes", "--no-deps", lock} <= set(call["arguments"])
    assert "--no-index" in machine.calls("-m", "pip", "install")[0]["arguments"]
    (build,) = [call for call in machine.calls() if "--output-file" in call["arguments"]]
    assert {"pex==2.1.137", "--no-pypi", "--find-links"} <= set(build["arguments"])
    assert build["environment"]["SOURCE_DATE_EPOCH"] == "315532800"


@pytest.mark.parametrize("without", [(), ("flock",)], ids=["flock", "no flock"])
def test_two_first_calls_at_once_prepare_once(
    make_machine: Callable[..., Machine], without: tuple[str, ...]
) -> None:
    machine = make_machine(without=without)
    calls = [
        subprocess.Popen(
            machine.command("list", str(number)),
            cwd=machine.repository,
            env=machine.environment(FAKE_SECONDS="0.5"),  # So that the others meet the lock.
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    outputs = [call.communicate() for call in calls]
    assert [call.returncode for call in calls] == [0, 0, 0]
    assert all(stdout for stdout, _ in outputs)
    assert len(machine.calls("-m", "venv")) == 1
    said = "".join(stderr for _, stderr in outputs)
    assert said.count("preparing Pants") == 1 + said.count("is preparing Pants …")
    assert "waiting for another call" in said


def test_a_lock_whose_owner_died_is_taken_over(make_machine: Callable[..., Machine]) -> None:
    machine = make_machine(without=("flock",))
    machine.call("list", FAKE_DOWNLOAD=NO_NETWORK)
    gone = subprocess.Popen(["true"])
    gone.wait()
    lock = machine.prepared()[0] / "owner"
    lock.symlink_to(str(gone.pid))
    assert machine.call("list").code == 0
    assert not lock.is_symlink()


def test_what_an_interrupted_call_left_is_repaired(machine: Machine) -> None:
    machine.call("list", FAKE_DOWNLOAD=NO_NETWORK)
    (folder,) = machine.prepared()
    (folder / "work" / "venv" / "bin").mkdir(parents=True)
    (folder / "state.new").write_text("half")
    assert machine.call("list").code == 0
    assert not (folder / "work").exists()
    assert not (folder / "state.new").exists()


def test_a_failed_call_leaves_nothing_that_passes_for_ready(machine: Machine) -> None:
    machine.call("list", FAKE_DOWNLOAD=NO_NETWORK)
    (folder,) = machine.prepared()
    assert sorted(path.name for path in folder.iterdir()) == ["failed.log", "lock"]
    assert (folder / "failed.log").read_text().startswith("WARNING: Retrying")


def test_another_lock_gets_another_folder(machine: Machine) -> None:
    machine.call("list")
    with (machine.repository / "platform/launcher/pants.lock").open("a") as lock:
        lock.write("# A new version.\n")
    machine.call("list")
    assert len(machine.prepared()) == 2


def test_a_vanished_tool_is_made_again(machine: Machine) -> None:
    machine.call("list")
    (machine.prepared()[0] / "pex").unlink()
    assert machine.call("list").sentences[-1] == "modelyard: Pants 2.17.1 is ready."


def test_a_vanished_python_is_looked_for_again(machine: Machine) -> None:
    machine.call("list")
    (machine.bin / "python3.11").unlink()
    assert_fails(machine.call("list"), "no CPython 3.11")


def test_another_python_can_be_asked_for_later(machine: Machine) -> None:
    machine.call("list")
    other = machine.home / "python"
    other.symlink_to(machine.bin / "python3.11")
    environment = machine.call("list", MODELYARD_PYTHON311=other).environment
    assert f'"{other}"' in environment["PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH"]
    assert len(machine.calls("-m", "venv")) == 1


def test_pyenv_versions_are_found_newest_first(machine: Machine) -> None:
    for version in ("3.9.2", "3.9.18", "3.10.1"):
        binary = machine.home / ".pyenv/versions" / version / "bin/python3.9"
        binary.parent.mkdir(parents=True)
        binary.symlink_to(machine.bin / "python3.11")
    machine.install("python3.9", "echo 'pyenv: python3.9: command not found' >&2; exit 127")
    environment = machine.call("list").environment
    newest = f'"{machine.home}/.pyenv/versions/3.9.18/bin/python3.9"'
    assert newest in environment["PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH"]


@pytest.mark.parametrize("version", ["3.9", "3.11"])
def test_no_python(make_machine: Callable[..., Machine], version: str) -> None:
    machine = make_machine(without=(f"python{version}",))
    variable = f"MODELYARD_PYTHON{version.replace('.', '')}"
    assert_fails(machine.call("list"), f"no CPython {version} found", "install one", variable)


@pytest.mark.parametrize("version", ["3.9", "3.11"])
def test_a_python_that_cannot_be_used_is_named(machine: Machine, version: str) -> None:
    answer = machine.call("list", FAKE_REFUSE=f"python{version}")
    reason = f"{machine.bin}/python{version}: it lacks the module ssl"
    assert_fails(answer, f"no CPython {version} found", reason)


def test_uv_is_asked_when_there_is_no_python(make_machine: Callable[..., Machine]) -> None:
    machine = make_machine(without=("python3.9",))
    source = machine.bin / "python3.11"
    target = machine.home / "python3.9"
    machine.install(
        "uv",
        f'case "$2" in find) [ -e "{target}" ] && echo "{target}";; install) '
        f'cp "{source}" "{target}"; cp "{source}" "{machine.bin}/python3.9";; esac',
    )
    assert machine.call("list").code == 0


def test_uv_that_cannot_fetch_a_python(make_machine: Callable[..., Machine]) -> None:
    machine = make_machine(without=("python3.11",))
    machine.install("uv", "echo 'error: Failed to fetch cpython' >&2; exit 1")
    assert_fails(machine.call("list"), "no CPython 3.11 found", "uv: Failed to fetch cpython")


@pytest.mark.parametrize("version", ["3.9", "3.11"])
def test_a_python_asked_for_by_name_must_work(machine: Machine, version: str) -> None:
    variable = f"MODELYARD_PYTHON{version.replace('.', '')}"
    gone = machine.call("list", **{variable: "/no/such/python"})
    assert_fails(gone, f"{variable} names /no/such/python", f"CPython {version}", "no executable")
    machine.install("other", "exit 1")
    broken = machine.call("list", **{variable: machine.bin / "other"})
    assert_fails(broken, f"{variable} names {machine.bin}/other", "it does not run")


def test_cache_that_cannot_be_written(machine: Machine) -> None:
    # A file in place of a folder stops even root, who ignores permissions.
    (machine.home / "file").touch()
    answer = machine.call("list", MODELYARD_CACHE=machine.home / "file")
    assert_fails(answer, "cannot write the cache folder", "Not a directory", "MODELYARD_CACHE")


@pytest.mark.parametrize("system", ["FreeBSD amd64", "Linux riscv64", "Linux i686", "Darwin ppc"])
def test_unsupported_platform(machine: Machine, system: str) -> None:
    name, processor = system.split()
    machine.install("uname", f'case "$1" in -s) echo {name};; -m) echo {processor};; esac')
    assert_fails(machine.call("list"), f"unsupported platform {name}-{processor}", "Linux", "macOS")


def test_musl(machine: Machine) -> None:
    assert_fails(machine.call("list", OSTYPE="linux-musl"), "musl", "glibc")


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        (NO_NETWORK, ("no network", "PIP_INDEX_URL")),
        (WRONG_HASH, ("differs from its digest", "pants.lock")),
        (UNTRUSTED, ("certificate is not trusted", "SSL_CERT_FILE")),
        (DISK_FULL, ("no space left", "MODELYARD_CACHE")),
        (ODD, ("ERROR: something else broke", "failed.log")),
    ],
    ids=["network", "hash", "certificate", "disk", "other"],
)
def test_what_pip_says_becomes_one_sentence(
    machine: Machine, output: str, parts: tuple[str, ...]
) -> None:
    assert_fails(machine.call("list", FAKE_DOWNLOAD=output), *parts)


def test_a_pex_tool_with_other_contents_is_refused(machine: Machine) -> None:
    answer = machine.call("list", FAKE_PEX=f"{PEX_SUM} 3563509 {'0' * 64}")
    assert_fails(answer, "the Pex tool was built with contents 0000", "remove")
    assert not (machine.prepared()[0] / "pex").exists()


def test_a_pex_tool_that_another_zlib_packed_is_taken(machine: Machine) -> None:
    answer = machine.call("list", FAKE_PEX=f"{'1' * 64} 999 {PEX_CONTENTS}")
    known = answer.environment["PANTS_PEX_CLI_KNOWN_VERSIONS"]
    assert f"v2.1.137|linux_x86_64|{'1' * 64}|999" in known


def test_measure_tells_contents_from_packing(tmp_path: Path) -> None:
    digests = {}
    for name, packing, text in (
        ("packed", zipfile.ZIP_DEFLATED, b"text " * 99),
        ("stored", zipfile.ZIP_STORED, b"text " * 99),
        ("other", zipfile.ZIP_STORED, b"TEXT " * 99),
    ):
        with zipfile.ZipFile(tmp_path / name, "w", packing) as archive:
            archive.writestr(zipfile.ZipInfo("a.py"), text, packing)
        measure = [sys.executable, "-I", str(HERE / "platform/launcher/measure.py")]
        output = subprocess.check_output([*measure, str(tmp_path / name)], text=True)
        digest, size, digests[name] = output.split()
        content = (tmp_path / name).read_bytes()
        assert (digest, int(size)) == (hashlib.sha256(content).hexdigest(), len(content))
    assert digests["packed"] == digests["stored"] != digests["other"]


@pytest.mark.parametrize("mask", ["0077", "0000"])
def test_the_pex_tool_is_built_with_plain_permissions(machine: Machine, mask: str) -> None:
    machine.install("start", f'umask {mask}; exec "$LAUNCHER" "$@"')
    answer = machine.call(
        "list", launcher=machine.bin / "start", LAUNCHER=machine.repository / "pants"
    )
    assert answer.code == 0
    assert (machine.prepared()[0] / "pex").stat().st_mode & 0o777 == 0o644
    # Pants' processes pack files with the permissions they were unpacked with.
    assert answer.reached()["umask"] == 0o022


def test_the_probe_refuses_a_python_of_another_version(machine: Machine) -> None:
    probe = machine.repository / "platform/launcher/probe.py"
    completed = _probe(probe, "3.9")
    assert completed.returncode == 1
    assert completed.stderr.startswith("it is cpython 3.")
    assert "Traceback" not in completed.stderr


def test_the_probe_names_the_interpreter_itself(machine: Machine) -> None:
    completed = _probe(machine.repository / "platform/launcher/probe.py", "3.11")
    assert completed.returncode == 0, completed.stderr
    path = Path(completed.stdout.strip())
    assert path.is_absolute()
    assert path.exists()


def _probe(probe: Path, version: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", str(probe), version]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_pants_looks_for_wheels_in_one_place_from_every_clone(machine: Machine) -> None:
    (machine.stand_ins / "a-1-py3-none-any.whl").write_text("a stand-in")
    told = machine.call("list").environment["MODELYARD_WHEELS"]
    wheels = machine.prepared()[0] / "wheels"
    assert told == f"file://{wheels}"
    assert {path.name: path.read_text() for path in wheels.iterdir()} == {
        WHEEL: "the wheel",
        "a-1-py3-none-any.whl": "a stand-in",
    }
    clone = shutil.copytree(machine.repository, machine.root / "clone")
    (clone / "3rdparty/python/wheels/b-1-py3-none-any.whl").write_text("another")
    assert (
        machine.call("list", cwd=clone, launcher=clone / "pants").environment["MODELYARD_WHEELS"]
        == told
    )
    assert (wheels / "b-1-py3-none-any.whl").read_text() == "another"
    made = [call for call in machine.calls() if "repack.py" in " ".join(call["arguments"])]
    assert len(made) == 1


def test_a_wheel_that_cannot_be_made_stops_nothing(machine: Machine) -> None:
    answer = machine.call("list", FAKE_REPACK=NO_NETWORK)
    (folder,) = machine.prepared()
    assert answer.arguments == ["list"]
    assert "could not make the wheel of detectron2" in answer.stderr
    assert (folder / "wheels.log").read_text().startswith("WARNING: Retrying")
    assert not (folder / "wheels").exists()


def test_where_a_daemon_answers_no_python_is_started(machine: Machine) -> None:
    machine.call("list")
    (prepared,) = machine.prepared()
    client = prepared / "venv/bin/pants-client"
    client.write_text('#!/bin/sh\nprintf \'{"arguments": ["%s"]}\' "$1"\n')
    machine.log.unlink()
    assert machine.call("list").arguments == ["list"]
    assert machine.calls() == []
