import zipfile
from pathlib import Path

import pytest

from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.embedded.platform_code import CurrentCode, PexCode
from modelyard_tools.home.folders import Home


def packed(folder: Path, info: str) -> Path:
    folder.mkdir()
    (folder / "PEX-INFO").write_text(info)
    return folder


def zipped(path: Path, info: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("PEX-INFO", info)
    return path


def test_the_digest_is_that_of_the_content_whatever_the_layout(tmp_path: Path) -> None:
    one = PexCode(packed(tmp_path / "a.pex", "one"))
    same = PexCode(zipped(tmp_path / "b.pex", "one"))
    other = PexCode(zipped(tmp_path / "c.pex", "other"))
    assert one.digest == same.digest
    assert one.digest != other.digest
    assert one.python(Home(tmp_path)).is_relative_to(tmp_path / "platform" / one.digest)


def test_what_is_not_a_pex_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pex", tmp_path):
        with pytest.raises(DeployError, match="is not a PEX"):
            PexCode(path)
    (tmp_path / "text.pex").write_text("text")
    with pytest.raises(DeployError, match="is not a PEX"):
        PexCode(tmp_path / "text.pex")


def test_the_code_of_this_process_always_has_the_same_digest() -> None:
    assert CurrentCode().digest == CurrentCode().digest
