"""Tests of `modelyard_tools.weights.sources.mirror`."""

import hashlib
import io
from pathlib import Path

import pytest

from modelyard_tools.weights.progress import Progress
from modelyard_tools.weights.sources.mirror import find_in_mirror
from modelyard_tools.weights.sources.spec import Spec

CONTENT = b"weights"
SPEC = Spec(
    name="model",
    source="https://host/dir/model.onnx",
    mirrors=("npm:models@1.0.0",),
    digest=f"sha256:{hashlib.sha256(CONTENT).hexdigest()}",
    size=len(CONTENT),
)


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(lines: io.StringIO) -> Progress:
    return Progress("model", lines)


@pytest.mark.parametrize("name", ["model.onnx", "deep/er/model.onnx", "model (1).onnx"])
def test_a_file_is_found_by_its_content(
    tmp_path: Path, progress: Progress, lines: io.StringIO, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    (tmp_path / "other.onnx").write_bytes(CONTENT[::-1])
    assert find_in_mirror(tmp_path, SPEC, progress) == path
    assert lines.getvalue() == ""


@pytest.mark.parametrize("name", ["model.onnx", "models-1.0.0.tgz"])
@pytest.mark.parametrize("content", [CONTENT[::-1], b"shorter"[:3]])
def test_the_right_name_with_the_wrong_content_is_reported(
    tmp_path: Path, progress: Progress, lines: io.StringIO, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert find_in_mirror(tmp_path, SPEC, progress) is None
    assert lines.getvalue() == (
        f"model: {tmp_path / name} is not the pinned file ({SPEC.pinned}); ignored\n"
    )


def test_broken_links_and_folders_are_skipped(
    tmp_path: Path, progress: Progress, lines: io.StringIO
) -> None:
    (tmp_path / "model.onnx").symlink_to(tmp_path / "nowhere")
    (tmp_path / "models-1.0.0.tgz").mkdir()
    assert find_in_mirror(tmp_path, SPEC, progress) is None
    assert lines.getvalue() == ""


def test_a_mirror_that_is_not_a_folder_is_reported(
    tmp_path: Path, progress: Progress, lines: io.StringIO
) -> None:
    assert find_in_mirror(tmp_path / "none", SPEC, progress) is None
    assert "which is not a folder" in lines.getvalue()
