"""Detectors as auto-annotation functions, run by CVAT's own SDK and command line."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import pytest
from cvat_sdk.masks import decode_mask

from modelyard.serving.protocol.sample import sample_png
from modelyard.serving.testing import shapes, tiny
from modelyard_tools.experiments import cvat_function
from modelyard_tools.experiments.testing.cvat import TASK, TOKEN, FakeCvat, serving
from modelyard_tools.experiments.testing.functions import Served

MODULE = ["--function-module", "modelyard_tools.experiments.cvat_function"]


def annotate(
    cvat: FakeCvat, platform: Served, cache: Path, function: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run `cvat-cli task auto-annotate` in a separate process."""
    host, _, port = cvat.address.rpartition(":")
    given = ["-p", f"function=str:{function}", "-p", f"platform=str:{platform.address}"]
    command = [sys.executable, "-m", "modelyard_tools.experiments.cvat_cli", "--server-host", host]
    command += ["--server-port", port, "task", "auto-annotate", str(TASK), *MODULE, *given]
    environment = {
        **os.environ,
        "CVAT_ACCESS_TOKEN": TOKEN,
        "XDG_CACHE_HOME": str(cache),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.run(
        [*command, *options], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def task() -> Iterator[FakeCvat]:
    """A task of three pictures with a label for every kind of shape."""
    with serving(FakeCvat(shapes.labels(), [sample_png()] * 3)) as cvat:
        yield cvat


def by_label(cvat: FakeCvat, items: Sequence[Any]) -> dict[str, Any]:
    names = {label["id"]: label["name"] for label in cvat.labels}
    return {names[item["label_id"]].removeprefix("a "): item for item in items}


def test_every_kind_of_shape_reaches_the_server(
    task: FakeCvat, platform: Served, tmp_path: Path
) -> None:
    done = annotate(task, platform, tmp_path, "everything", "--conf-threshold", "0.3")
    assert done.returncode == 0, done.stderr
    assert task.problems == []
    ((query, sent),) = task.uploads
    assert query["action"] == ["create"]
    assert [item["frame"] for item in sent["tags"]] == [0, 1, 2]
    found = by_label(task, [item for item in sent["shapes"] if item["frame"] == 2])
    assert {name: item["type"] for name, item in found.items()} == {
        kind: kind for kind in shapes.KINDS
    }
    assert {item["score"] for item in found.values()} == {shapes.SCORE}
    assert found["ellipse"]["rotation"] == 30
    (size,) = found["rectangle"]["attributes"]
    assert (size["spec_id"], size["value"]) == (task.labels[0]["attributes"][0]["id"], "large")
    mask = decode_mask(found["mask"]["points"], image_width=160, image_height=120)
    left, top, *_ = shapes.cell("mask", 160, 120)
    assert np.count_nonzero(mask) == 32 * 24 * 3 // 4
    assert np.argwhere(mask).min(axis=0) == pytest.approx([top + 8, left + 10.7], abs=1)
    joints = found["skeleton"]["elements"]
    declared = [joint["id"] for joint in task.labels[7]["sublabels"]]
    assert [(joint["label_id"], joint["type"]) for joint in joints] == [
        (number, "points") for number in declared
    ]
    assert {request["threshold"] for request in platform.asked} == {0.3}


def test_masks_become_polygons_if_the_user_asks_for_them(platform: Served, tmp_path: Path) -> None:
    labels = [label for label in shapes.labels() if label["name"] != "a mask"]
    labels.append({"name": "a mask", "type": "polygon"})
    with serving(FakeCvat(labels, [sample_png()])) as cvat:
        done = annotate(cvat, platform, tmp_path, "everything", "--conv-mask-to-poly")
    assert done.returncode == 0, done.stderr
    found = by_label(cvat, cvat.uploads[0][1]["shapes"])
    assert found["mask"]["type"] == "polygon"
    corners = np.reshape(found["mask"]["points"], (-1, 2))
    assert len(corners) == 6, "a square without a corner"


def test_labels_that_the_task_lacks_are_an_error_in_one_line_unless_allowed(
    platform: Served, tmp_path: Path
) -> None:
    labels = [{"name": "cat", "type": "any"}, {"name": tiny.LABEL, "type": "rectangle"}]
    with serving(FakeCvat(labels[:1], [sample_png()])) as cvat:
        done = annotate(cvat, platform, tmp_path / "1", "bright")
        assert done.returncode == 1
        assert done.stderr.strip().endswith("cvat-cli: label 'bright' is not in dataset")
    with serving(FakeCvat(labels, [sample_png()])) as cvat:
        done = annotate(cvat, platform, tmp_path / "2", "bright", "--clear-existing")
        assert done.returncode == 0, done.stderr
        ((query, sent),) = cvat.uploads
        assert query == {}, "all annotations are replaced"
        assert sent["shapes"][0]["points"] == [40, 30, 120, 90]


@pytest.mark.parametrize(
    ("function", "message"),
    [("dull", "does not have a function 'dull'"), ("cutter", "this needs a detector")],
)
def test_a_function_that_is_not_a_detector_is_refused_in_one_line(
    task: FakeCvat, platform: Served, tmp_path: Path, function: str, message: str
) -> None:
    done = annotate(task, platform, tmp_path, function)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "F"])
def test_images_of_every_mode_are_sent_as_files(platform: Served, mode: str) -> None:
    function = cvat_function.create("bright", platform.address)
    context = SimpleNamespace(frame_name="a.png", conf_threshold=None, conv_mask_to_poly=False)
    image = PIL.Image.new("L", (60, 40), 250).convert(mode if mode != "I;16" else "L")
    if mode == "I;16":
        image = PIL.Image.fromarray(np.full((40, 60), 64000, np.uint16))
    (box,) = function.detect(context, image)
    assert box.points == [0, 0, 60, 40]
    assert "threshold" not in platform.asked[0], "the detector takes its own"
