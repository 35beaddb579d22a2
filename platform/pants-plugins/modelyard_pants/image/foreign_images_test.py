"""Reads what skopeo fetches, with a shell script in its place; CI uses the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pants.core.util_rules.system_binaries import BinaryPath, BinaryPathRequest, BinaryPaths
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import collect_rules, rule
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule, RuleRunner

from modelyard_pants.image import foreign_images
from modelyard_pants.image.foreign_images import ForeignImage, ForeignImageRequest

# The process gets only the user's home from outside. A registry's image may be kept as an archive,
# which is a file here too.
_SKOPEO = """#!/bin/sh
PATH=/usr/bin:/bin
from= to=; for last; do from=$to to=$last; done
if [ "${from#oci-archive:}" = "$from" ]; then
  echo "$*" >> "$HOME/calls"
  [ -d "$HOME/layout" ] || { echo 'time passed' >&2; echo 'manifest unknown' >&2; exit 1; }
fi
case $from,$to in
  *,oci-archive:*) tar -C "$HOME/layout" -cf "${to#oci-archive:}" . ;;
  oci-archive:*) mkdir image && tar -C image -xf "${from#oci-archive:}" ;;
  *) cp -r "$HOME/layout" image ;;
esac
"""
_PINNED = "docker://registry.example.org/debian@sha256:" + "a" * 64


@rule
def skopeo_of_these_tests(request: BinaryPathRequest) -> BinaryPaths:
    script = Path(_home["path"], request.binary_name)
    found = [BinaryPath(str(script), "a fingerprint")] if script.exists() else []
    return BinaryPaths(request.binary_name, found)


# Read by the rule above; rules cannot take fixtures.
_home: dict[str, Path] = {}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    _home["path"] = tmp_path
    skopeo = tmp_path / "skopeo"
    skopeo.write_text(_SKOPEO)
    skopeo.chmod(0o755)
    return tmp_path


@pytest.fixture
def runner(home: Path) -> RuleRunner:
    named_caches = f"--named-caches-dir={home / 'caches'}"
    runner = RuleRunner(
        bootstrap_args=[named_caches],
        rules=[
            *foreign_images.rules(),
            *collect_rules(globals()),
            QueryRule(ForeignImage, [ForeignImageRequest]),
            QueryRule(DigestContents, [Digest]),
        ],
    )
    runner.set_options([named_caches], env={"HOME": str(home)}, env_inherit=PYTHON_BOOTSTRAP_ENV)
    return runner


def _write_layout(home: Path, config: Any) -> None:
    """An OCI layout with one layer."""
    blobs = home / "layout/blobs/sha256"
    blobs.mkdir(parents=True)
    layer = {"digest": "sha256:l", "size": 3, "mediaType": "application/x"}
    manifest = {"config": {"digest": "sha256:c"}, "layers": [layer]}
    for name, value in {"c": config, "m": manifest}.items():
        (blobs / name).write_text(json.dumps(value))
    (blobs / "l").write_text("tar")
    index = {"manifests": [{"digest": "sha256:m"}]}
    (home / "layout/index.json").write_text(json.dumps(index))


def _fetch(runner: RuleRunner, reference: str) -> ForeignImage:
    request = ForeignImageRequest(reference, Address("functions/f"))
    return runner.request(ForeignImage, [request])


def test_the_layers_and_the_environment_of_an_image_are_read(
    runner: RuleRunner, home: Path
) -> None:
    config = {"config": {"Env": ["PATH=/bin"]}, "rootfs": {"diff_ids": ["sha256:d"]}}
    _write_layout(home, config)
    image = _fetch(runner, _PINNED)
    assert image.env == ("PATH=/bin",)
    (layer,) = image.layers
    assert (layer.name, layer.digest, layer.diff_id) == ("base", "sha256:l", "sha256:d")
    (blob,) = runner.request(DigestContents, [image.blobs])
    assert (blob.path, blob.content) == ("blobs/sha256/l", b"tar")


def test_an_image_may_set_no_variables(runner: RuleRunner, home: Path) -> None:
    _write_layout(home, {"rootfs": {"diff_ids": ["sha256:d"]}})
    assert _fetch(runner, _PINNED).env == ()


@pytest.mark.parametrize(
    ("reference", "insecure"),
    [(_PINNED, False), ("docker://127.0.0.1:5000/x:1", True), ("docker-archive:/x.tar", False)],
)
def test_only_a_registry_on_this_machine_may_do_without_tls(
    runner: RuleRunner, home: Path, reference: str, insecure: bool
) -> None:
    _write_layout(home, {"rootfs": {"diff_ids": ["sha256:d"]}})
    _fetch(runner, reference)
    call = (home / "calls").read_text()
    assert ("--src-tls-verify=false" in call) is insecure
    *_, source, target = call.split()
    assert source == reference
    assert target.startswith("oci-archive:" if reference == _PINNED else "oci:image:foreign")


def test_another_home_fetches_nothing_from_the_registry(runner: RuleRunner, home: Path) -> None:
    _write_layout(home, {"rootfs": {"diff_ids": ["sha256:d"]}})
    first = _fetch(runner, _PINNED)
    elsewhere = {"HOME": str(home / "elsewhere"), "PATH": "/opt/venv/bin:/usr/bin:/bin"}
    runner.set_options([f"--named-caches-dir={home / 'caches'}"], env=elsewhere)
    assert _fetch(runner, _PINNED) == first
    assert len((home / "calls").read_text().splitlines()) == 1


def test_the_error_names_an_image_that_cannot_be_fetched(runner: RuleRunner) -> None:
    message = f"functions/f:f: cannot fetch {_PINNED}: manifest unknown"
    with pytest.raises(ExecutionError, match=message):
        _fetch(runner, _PINNED)


def test_the_error_explains_how_to_install_skopeo(runner: RuleRunner, home: Path) -> None:
    (home / "skopeo").unlink()
    with pytest.raises(
        ExecutionError, match=r"cannot fetch .* without skopeo; .* apt-get install skopeo"
    ):
        _fetch(runner, _PINNED)
