"""What `predict` says of a function without code whose network cannot be read."""

from pathlib import Path

import pytest

from modelyard.serving.protocol.sample import sample_png
from modelyard.serving.testing.assets import headed_assets
from modelyard.serving.worker.predict import main


def test_a_network_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "best.onnx").write_bytes(b"no network")
    headed_assets(tmp_path, "yolov8", ["cat"], {})
    (tmp_path / "photo.png").write_bytes(sample_png())
    assert main(["--assets", str(tmp_path), str(tmp_path / "photo.png")]) == 1
    error = capsys.readouterr().err
    assert "best.onnx" in error
    assert error.count("\n") == 1
