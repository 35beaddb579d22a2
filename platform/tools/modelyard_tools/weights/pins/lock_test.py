"""Recording digests, with a real server and BUILD files in a temporary repository."""

import hashlib
import re
from pathlib import Path

import pytest

from modelyard_tools.weights.conftest import CONTENT, Site
from modelyard_tools.weights.pins.lock import main

SHA256 = hashlib.sha256(CONTENT).hexdigest()
BUILD = """\
# What this says stays.
model_weights(name="other", source="https://example.org/o.bin", sha256="{zeros}", size=7)

model_weights(
    name="model",
    source="{url}",{more}
    licence="MIT",  # So does this.
)
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "3rdparty/models"
    folder.mkdir(parents=True)
    (folder / "BUILD").write_text("")
    monkeypatch.chdir(tmp_path)
    return folder


def write(models: Path, url: str, more: str = "") -> Path:
    build = models / "BUILD.some"
    build.write_text(BUILD.format(url=url, more=more, zeros="0" * 64))
    return build


def test_what_is_downloaded_is_recorded(
    site: Site, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = site.serve("/m.bin")
    build = write(models, url)
    assert main(["3rdparty/models:model"]) == 0
    recorded = f'\n    sha256="{SHA256}",\n    size={len(CONTENT)},'
    assert build.read_text() == BUILD.format(url=url, more=recorded, zeros="0" * 64)
    assert f"{len(CONTENT)} bytes, sha256 {SHA256}" in capsys.readouterr().out
    assert main(["//3rdparty/models:model"]) == 0
    assert build.read_text() == BUILD.format(url=url, more=recorded, zeros="0" * 64)
    assert "already recorded in 3rdparty/models/BUILD.some" in capsys.readouterr().out


def test_a_copy_is_recorded_without_a_network(models: Path, tmp_path: Path) -> None:
    build = write(models, "http://127.0.0.1:1/m.bin", f"\n    size={len(CONTENT)},")
    copy = tmp_path / "copy.bin"
    copy.write_bytes(CONTENT)
    assert main(["3rdparty/models:model", "--file", str(copy)]) == 0
    assert build.read_text().count(f"size={len(CONTENT)}") == 1
    assert f'sha256="{SHA256}"' in build.read_text()


@pytest.mark.parametrize(
    "written",
    [
        'model_weights(name="model", source="http://x/é.bin")\n',
        'model_weights(\n    name="model",\n    source="http://x/"\n    "é.bin", licence="MIT")\n',
        'model_weights(name="model", source=("http://x/" "é.bin"), licence="MIT")\n',
    ],
)
def test_the_edited_file_can_still_be_read(models: Path, tmp_path: Path, written: str) -> None:
    (models / "BUILD").write_text(written)
    copy = tmp_path / "copy.bin"
    copy.write_bytes(CONTENT)
    for _ in range(2):
        assert main(["3rdparty/models:model", "--file", str(copy)]) == 0
    recorded = f',\n    sha256="{SHA256}",\n    size={len(CONTENT)}'
    source = re.search(r'source=.*?bin"\)?(?=[,)])', written, re.DOTALL)
    assert source
    expected = written.replace(source[0], source[0] + recorded)
    assert (models / "BUILD").read_text() == expected


def test_the_download_can_be_kept(site: Site, models: Path, tmp_path: Path) -> None:
    write(models, site.serve("/m.bin"))
    assert main(["3rdparty/models:model", "--keep", str(tmp_path / "kept")]) == 0
    assert (tmp_path / "kept/m.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (f'\n    sha256="{"1" * 64}",\n    size={len(CONTENT)},', "pins sha256:1111"),
        (f'\n    digest="sha384:{"1" * 96}",\n    size={len(CONTENT)},', "pins sha384:1111"),
        ("\n    size=5,", "pins 5 bytes"),
    ],
)
def test_what_is_recorded_is_never_replaced(
    site: Site, models: Path, capsys: pytest.CaptureFixture[str], more: str, reason: str
) -> None:
    build = write(models, site.serve("/m.bin"), more)
    before = build.read_text()
    assert main(["3rdparty/models:model"]) == 1
    assert build.read_text() == before
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"statuses": [404]}, "m.bin: 404"),
        ({"sized": False}, "with a browser"),
        ({"headers": {"Content-Type": "text/html; charset=utf-8"}}, "with a browser"),
    ],
)
def test_a_page_or_an_error_is_not_recorded(
    site: Site,
    models: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, object],
    reason: str,
) -> None:
    build = write(models, site.serve("/m.bin", **settings))
    assert main(["3rdparty/models:model"]) == 1
    assert reason in capsys.readouterr().err
    assert SHA256 not in build.read_text()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("3rdparty/models", "is not an address"),
        ("3rdparty/models:none", "no BUILD file in 3rdparty/models has a model_weights 'none'"),
    ],
)
def test_there_must_be_such_a_target(
    models: Path, capsys: pytest.CaptureFixture[str], address: str, reason: str
) -> None:
    write(models, "https://example.org/m.bin")
    assert main([address]) == 1
    assert reason in capsys.readouterr().err


def test_sources_of_packages_are_not_downloaded_here(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(models, "pypi:model==1.0")
    assert main(["3rdparty/models:model"]) == 1
    assert "pass the file with --file" in capsys.readouterr().err
