"""Every form of docs/bring-your-own.md, from the file to what CVAT gets."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from modelyard.annotation import Mask, Rectangle, Shape, Skeleton
from modelyard.imaging import Image
from modelyard_tools.scaffold.cli import main
from modelyard_tools.scaffold.testing.forms import SIZE, Form, name_of
from modelyard_tools.scaffold.testing.functions import built, loaded, targets_of
from modelyard_tools.scaffold.testing.more_forms import MAPS
from modelyard_tools.scaffold.testing.networks import write_onnx
from modelyard_tools.scaffold.testing.planted import Object
from modelyard_tools.scaffold.testing.table import FORMS

DETECTED = [form for form in FORMS if form not in MAPS]
PICTURES = [(240, 240), (480, 200), (150, 400)]
"""Square, wide and tall."""

# As fractions of the picture, apart from each other; class, score, angle.
OBJECTS = [
    ((0.10, 0.10, 0.35, 0.30), 0, 0.95, 0.30),
    ((0.55, 0.08, 0.90, 0.32), 1, 0.90, -0.20),
    ((0.08, 0.60, 0.40, 0.92), 2, 0.85, 0.05),
    ((0.50, 0.45, 0.70, 0.65), 0, 0.80, 1.40),
    ((0.75, 0.72, 0.95, 0.95), 1, 0.75, 0.60),
]

Box = tuple[float, float, float, float]


def placed(picture: tuple[int, int], form: Form) -> tuple[list[Object], list[Box]]:
    """The objects in the input, and their boxes in the picture, by the form's resizing."""
    width, height = SIZE
    if form.resize != "stretch":
        scale = min(SIZE[0] / picture[0], SIZE[1] / picture[1])
        width, height = round(picture[0] * scale), round(picture[1] * scale)
    left, top = 0, 0
    if form.resize == "letterbox":
        left, top = (SIZE[0] - width) // 2, (SIZE[1] - height) // 2
    objects, boxes = [], []
    for (x0, y0, x1, y1), kind, score, angle in OBJECTS:
        box = (x0 * width + left, y0 * height + top, x1 * width + left, y1 * height + top)
        objects.append(Object(box, kind % form.classes, score, angle))
        boxes.append((x0 * picture[0], y0 * picture[1], x1 * picture[0], y1 * picture[1]))
    return objects, boxes


def written(form: Form, objects: Sequence[Object]) -> Path:
    """Write the network and its function; return the function's folder."""
    outputs = form.plant(objects, SIZE)
    write_onnx(
        Path("best.onnx"),
        outputs,
        form.image,
        form.metadata,
        dtype=form.dtype,
        more=form.more,
        producer=form.producer,
    )
    arguments = ["my_model", "--from", "best.onnx"]
    if "names" not in form.metadata:
        Path("classes.txt").write_text("".join(f"{name_of(n)}\n" for n in range(form.classes)))
        arguments += ["--labels", "classes.txt"]
    if form.image[-1] == "width":
        assert "input_size" not in form.metadata
    assert main(arguments) == 0
    return Path("functions/openvino/my_model")


def found_in(form: Form, picture: tuple[int, int], objects: Sequence[Object]) -> list[Shape]:
    folder = written(form, objects)
    function = targets_of(folder)["model_function"]
    assert function["head"] == form.head
    detector = loaded(built(folder, Path("best.onnx")))
    pixels = np.full((picture[1], picture[0], 3), 90, np.uint8)
    return list(detector.detect(Image.from_pixels(pixels), 0.5))


@pytest.mark.parametrize("picture", PICTURES, ids=["square", "wide", "tall"])
@pytest.mark.parametrize("form", DETECTED, ids=lambda form: form.id)
def test_objects_are_where_they_were_planted(
    form: Form, picture: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    objects, boxes = placed(picture, form)
    found = found_in(form, picture, objects)
    assert [shape.label for shape in found] == [name_of(item.kind) for item in objects]
    for shape, item, box in zip(found, objects, boxes, strict=True):
        assert shape.confidence == pytest.approx(item.score, abs=2e-3)
        check(form, shape, item, box, picture)


def check(form: Form, shape: Shape, item: Object, box: Box, picture: tuple[int, int]) -> None:
    left, top, right, bottom = box
    # Fitting rounds to a pixel of the input.
    slack = 0.75 * max(picture[0] / SIZE[0], picture[1] / SIZE[1], 1) + 0.5
    if form.kind == "skeleton":
        assert isinstance(shape, Skeleton)
        at = [(0.25, 0.25), (0.5, 0.5), (0.75, 0.75)]
        expected = [(left + (right - left) * x, top + (bottom - top) * y) for x, y in at]
        np.testing.assert_allclose([e.point for e in shape.elements], expected, atol=slack)
        names = [element.label for element in shape.elements]
        stated = "nose" in form.metadata.get("kpt_names", "")
        assert names == (["nose", "left ear", "tail"] if stated else ["0", "1", "2"])
        seen = [not element.outside for element in shape.elements]
        assert seen == ([True] * 3 if "without" in form.form else [True, True, False])
    elif form.kind == "mask":
        assert isinstance(shape, Mask)
        # The left half of the box.
        half = (left, top, (left + right) / 2, bottom)
        np.testing.assert_allclose(extent(shape), half, atol=4 * slack)
        assert shape.bitmap.mean() > 0.97
        assert shape.polygon is not None
    else:
        assert isinstance(shape, Rectangle)
        if form.rotated and form.resize != "stretch":
            assert shape.rotation == pytest.approx(math.degrees(item.angle) % 360, abs=1)
        np.testing.assert_allclose(shape.box, box, atol=slack)


@pytest.mark.parametrize("picture", PICTURES, ids=["square", "wide", "tall"])
@pytest.mark.parametrize("form", MAPS, ids=lambda form: form.id)
def test_regions_are_where_they_were_planted(
    form: Form, picture: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    objects, boxes = placed(picture, form)
    names = ["background", *(name_of(n) for n in range(3))] if form.classes == 4 else None
    if "numbers" in form.form or names:
        Path("classes.txt").write_text("\n".join(names or []))
    outputs = form.plant(objects, SIZE)
    write_onnx(Path("best.onnx"), outputs, form.image)
    labels = ["--labels", "classes.txt"] if names else []
    assert main(["my_model", "--from", "best.onnx", *labels]) == 0
    detector = loaded(built(Path("functions/openvino/my_model"), Path("best.onnx")))
    pixels = np.full((picture[1], picture[0], 3), 90, np.uint8)
    found = detector.detect(Image.from_pixels(pixels), 0.5)
    assert len(found) == len(objects)
    expected = sorted(
        (
            box,
            "class 0" if form.classes == 1 else f"{item.kind}" if not names else name_of(item.kind),
        )
        for item, box in zip(objects, boxes, strict=True)
    )
    actual = sorted((extent(shape), shape.label) for shape in found)
    for (seen, label), (box, name) in zip(actual, expected, strict=True):
        np.testing.assert_allclose(seen, box, atol=3 * max(picture) / min(SIZE))
        assert label.removeprefix("class ") == name.removeprefix("class ")


def extent(shape: Shape) -> Box:
    assert isinstance(shape, Mask)
    height, width = shape.bitmap.shape
    return (shape.left, shape.top, shape.left + width, shape.top + height)
