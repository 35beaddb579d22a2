"""The pipelines match the schemas published by GitHub and GitLab."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PIPELINES = Path("platform/ci")
SCHEMAS = {
    "github.yml": ["--builtin-schema", "vendor.github-workflows"],
    "gitlab.yml": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}


def check(file: Path, options: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *options, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_pipeline_is_checked() -> None:
    assert {path.name for path in PIPELINES.glob("*.yml")} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_pipeline_has_the_form_of_its_service(name: str) -> None:
    done = check(PIPELINES / name, SCHEMAS[name])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_another_form_is_refused(name: str, tmp_path: Path) -> None:
    text = (PIPELINES / name).read_text(encoding="utf-8")
    wrong = tmp_path / name
    wrong.write_text(text.replace("timeout", "timeuot"), encoding="utf-8")
    assert check(wrong, SCHEMAS[name]).returncode == 1
