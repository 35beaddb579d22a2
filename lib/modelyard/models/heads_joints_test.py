"""Joints of functions without code, from networks whose outputs are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.annotation import Skeleton
from modelyard.inference.heads.errors import HeadError
from modelyard.inference.testing.pictures import plain
from modelyard.models.testing.heads import SIZE, SIZES, detector, in_input

JOINTS = ["head", "hand", "foot"]
DRAWING = "".join(
    f'<circle r="1" cx="{10 * n}" cy="10" data-type="element node" data-element-id="{n}" '
    f'data-node-id="{n}" data-label-name="{name}"></circle>'
    for n, name in enumerate(JOINTS, 1)
)


def person(joints: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    named = joints or [{"name": name, "type": "points"} for name in JOINTS]
    return {"name": "person", "type": "skeleton", "sublabels": named, "svg": DRAWING, **more}


# Five people, as fractions of the image: the joints, the last one outside the image for some.
PEOPLE = [
    (0.95 - 0.05 * n, [(0.1 + 0.15 * n, 0.3), (0.12 + 0.15 * n, 0.5), (0.3 * n, 0.9)])
    for n in range(5)
]
VISIBLE = [0.9, 0.2, 0.7]


def outputs(form: str, size: tuple[int, int], values: int, unit: str) -> dict[str, Any]:
    rows = np.zeros((252, 6 + 3 * values), np.float32)
    for number, (score, joints) in enumerate(PEOPLE):
        row = rows[5 * number]
        # Boxes side by side, so that none suppresses another.
        left = 24.0 * number
        corners = (left, 20, left + 16, 70)
        centred = (left + 8, 45, 16, 50)
        row[:4] = corners if form != "yolov8" else centred
        row[4:6] = score, 0
        places = [in_input(joint, size, "letterbox") for joint in joints]
        scale = SIZE if unit == "fractions" else (1, 1)
        row[:4] /= (*scale, *scale)
        for joint, place in enumerate(places):
            start = 6 + joint * values
            row[start : start + 2] = np.array(place) / scale
            row[start + 2 : start + values] = VISIBLE[joint]
    if form == "yolov8":
        return {"output0": np.ascontiguousarray(np.delete(rows, 5, axis=1).T)[None]}
    if form == "end2end":
        return {"output0": rows[None]}
    return {
        "boxes": rows[:, :4],
        "labels": rows[:, 5].astype(np.int64),
        "scores": rows[:, 4],
        "keypoints": rows[:, 6:].reshape(-1, 3, values),
        "keypoints_scores": np.zeros((252, 3), np.float32),
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("form", "values", "unit"),
    [
        ("yolov8", 3, "pixels"),
        ("yolov8", 2, "pixels"),
        ("yolov8", 3, "fractions"),
        ("end2end", 3, "pixels"),
        ("separate", 3, "pixels"),
    ],
)
def test_joints_become_skeletons(
    tmp_path: Path, form: str, values: int, unit: str, size: tuple[int, int]
) -> None:
    model = detector(
        tmp_path,
        "yolov8" if form == "yolov8" else "end2end",
        outputs(form, size, values, unit),
        labels=[person()],
        task="pose",
        kpt_shape=[3, values],
        box_unit=unit,
    )
    found = model.detect(plain(size), 0.5)
    assert len(found) == 5
    for shape, (score, joints) in zip(found, PEOPLE, strict=True):
        assert isinstance(shape, Skeleton)
        assert (shape.label, round(shape.confidence or 0, 3)) == ("person", round(score, 3))
        assert [joint.label for joint in shape.elements] == JOINTS
        points = [joint.point for joint in shape.elements]
        np.testing.assert_allclose(points, np.array(joints) * size, atol=max(size) * 1e-4)
        hidden = [False, values == 3, joints[2][0] > 1]
        assert [joint.outside for joint in shape.elements] == hidden


def test_ids_of_sublabels_are_numbers_of_joints(tmp_path: Path) -> None:
    joints = [{"name": name, "type": "points", "id": n} for n, name in enumerate(JOINTS)]
    model = detector(
        tmp_path,
        "yolov8",
        outputs("yolov8", SIZE, 3, "pixels"),
        labels=[person(joints[::-1])],
        task="pose",
        kpt_shape=[3, 3],
    )
    shape = model.detect(plain(SIZE), 0.5)[0]
    assert isinstance(shape, Skeleton)
    assert [joint.label for joint in shape.elements] == JOINTS


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (["person"], {"kpt_shape": [3, 3]}, "'person' is of type any, but .* type skeleton"),
        ([person()], {"kpt_shape": [2, 3]}, "'person' has 3 sublabels, but the network finds 2"),
        ([person()], {}, r'task "pose" needs .*"kpt_shape": \[joints, 2 or 3\]'),
        ([person()], {"kpt_shape": [4, 3]}, "at least one class, and 12 more"),
        (
            [person([{"name": n, "type": "points", "id": i + 1} for i, n in enumerate(JOINTS)])],
            {"kpt_shape": [3, 3]},
            "must have the ids 0 to 2",
        ),
    ],
)
def test_labels_and_joints_that_do_not_fit_are_refused(
    tmp_path: Path, labels: list[Any], options: dict[str, Any], message: str
) -> None:
    planted = outputs("yolov8", SIZE, 3, "pixels")
    if options.get("kpt_shape") == [2, 3]:
        planted["output0"] = np.ascontiguousarray(planted["output0"][:, :11])
    with pytest.raises(HeadError, match=message) as error:
        detector(tmp_path, "yolov8", planted, labels=labels, task="pose", **options)
    assert "\n" not in str(error.value)
