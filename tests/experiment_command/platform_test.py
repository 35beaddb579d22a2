"""Experiments on a real platform: the function is found by name, and woken up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiment_command.packaged import Experiment
from modelyard.serving.protocol.sample import sample_png
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.embedded.testing.tiny import bright_detector, bright_interactor
from modelyard_tools.home.folders import Home


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    """A platform with a detector and an interactor."""
    with PlatformProcess(Home(tmp_path_factory.mktemp("home"))) as running:
        for release in (bright_detector(), bright_interactor()):
            assert running.deploy(release)["status"]["state"] == "ready"
        yield running


def test_a_detector_is_tried_and_then_measured_on_what_it_found(
    platform: PlatformProcess, experiment: Experiment, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(sample_png())
    address = f"http://127.0.0.1:{platform.port}"
    asked = ["tiny-detector", "--images", "photos", "--platform", address]
    done = experiment.run(tmp_path, "predict", *asked, "--out", "out")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / "out" / "answers.json").read_text())["a.png"]
    assert found["points"] == [40, 30, 120, 90]
    truth = "out/coco/annotations/instances_default.json"
    done = experiment.run(tmp_path, "evaluate", *asked, "--annotations", truth, "--min-map", "0.99")
    assert done.returncode == 0, done.stderr
    assert "mAP 1.000" in done.stdout
    done = experiment.run(tmp_path, "compare", *asked[:1], *asked, "--out", "out", "--min", "1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "iou.png").exists()


def test_an_unknown_function_is_answered_with_those_there_are(
    platform: PlatformProcess, experiment: Experiment, tmp_path: Path
) -> None:
    options = ["--images", ".", "--platform", f"http://127.0.0.1:{platform.port}"]
    done = experiment.run(tmp_path, "predict", "tiny-detecter", *options)
    assert done.returncode == 1
    assert "it has: tiny-detector, tiny-interactor" in done.stderr
