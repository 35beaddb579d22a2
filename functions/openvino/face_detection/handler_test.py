"""The detector on photographs, with its real weights."""

from typing import Any

import msgspec
import numpy as np
import PIL.Image
import pytest

from face_detection.handler import FaceDetection
from modelyard import Assets, Device, Image, LabelSet, Rectangle
from modelyard.annotation import LabelError
from modelyard.inference.boxes import iou_matrix
from samples import Asker, assets_named_by, photograph, photograph_file

FACE = (178, 82, 271, 174)
"""The astronaut's face, recorded when the same weights first ran."""


@pytest.fixture(scope="module")
def assets() -> Assets:
    return assets_named_by("MODELYARD_TEST_ASSETS")


@pytest.fixture(scope="module")
def model(assets: Assets) -> FaceDetection:
    model = FaceDetection()
    model.load(assets, Device())
    return model


def iou(first: Any, second: Any) -> float:
    return float(iou_matrix(np.array([first], float), np.array([second], float))[0, 0])


def test_the_astronauts_face_is_found(model: FaceDetection) -> None:
    (face,) = model.detect(photograph("astronaut.png"), 0.5)
    assert face.label == "face"
    assert face.confidence == pytest.approx(0.921, abs=0.02)
    assert iou(face.box, FACE) >= 0.9


def test_the_cameramans_face_is_found(model: FaceDetection) -> None:
    (face,) = model.detect(photograph("camera.png"), 0.5)
    assert face.confidence == pytest.approx(0.726, abs=0.02)
    # Measured by hand in the photograph: from the hair to the chin, from the ear to the nose.
    assert iou(face.box, (183, 115, 262, 200)) >= 0.7


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"])
def test_where_no_face_is_none_is_found(model: FaceDetection, name: str) -> None:
    assert model.detect(photograph(name), 0.5) == []


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom"),
    [(0, 0, 0, 300), (0, 0, 300, 0), (250, 0, 0, 0), (0, 250, 0, 0), (100, 40, 30, 90)],
)
def test_a_frame_around_the_picture_moves_the_box(
    model: FaceDetection, left: int, top: int, right: int, bottom: int
) -> None:
    pixels = np.pad(photograph("astronaut.png").pixels, [(top, bottom), (left, right), (0, 0)])
    (face,) = model.detect(Image.from_pixels(pixels), 0.5)
    # Then the face has two thirds of the pixels, and the box may include the hair.
    assert iou(face.box, np.add(FACE, (left, top, left, top))) >= 0.5


@pytest.mark.parametrize("factor", [0.3, 0.7, 2.5])
def test_another_resolution_shows_the_same(model: FaceDetection, factor: float) -> None:
    picture = PIL.Image.fromarray(photograph("astronaut.png").pixels)
    side = round(512 * factor)
    resized = np.asarray(picture.resize((side, side), PIL.Image.Resampling.BILINEAR))
    (face,) = model.detect(Image.from_pixels(resized), 0.5)
    assert iou(face.box, np.array(FACE) * side / 512) >= 0.85


def test_a_mirrored_image_gives_a_mirrored_box(model: FaceDetection) -> None:
    (face,) = model.detect(Image.from_pixels(photograph("astronaut.png").pixels[:, ::-1]), 0.5)
    assert iou(face.box, (512 - FACE[2], FACE[1], 512 - FACE[0], FACE[3])) >= 0.85


def test_two_faces_are_two_boxes(model: FaceDetection) -> None:
    part = photograph("astronaut.png").pixels[:300, 80:380]
    both = model.detect(Image.from_pixels(np.hstack([part, part[:, ::-1]])), 0.5)
    assert len(both) == 2
    first, second = sorted(both, key=lambda face: face.box[0])
    assert iou(first.box, np.array(FACE) - [80, 0, 80, 0]) >= 0.7
    assert iou(second.box, (680 - FACE[2], FACE[1], 680 - FACE[0], FACE[3])) >= 0.7


def test_the_threshold_only_leaves_out(model: FaceDetection) -> None:
    image = photograph("astronaut.png")
    every = model.detect(image, 0.0)
    assert len(every) > 1
    assert (every[0].confidence or 0) > 0.9
    assert model.detect(image, 0.95) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (700, 2), (5000, 40)])
def test_odd_sizes_are_taken(model: FaceDetection, size: tuple[int, int]) -> None:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    for shape in model.detect(Image.from_pixels(pixels), 0.01):
        assert isinstance(shape, Rectangle)


def test_it_needs_one_label(assets: Assets) -> None:
    other = msgspec.structs.replace(assets, labels=LabelSet.from_json(b"[]"))
    with pytest.raises(LabelError, match="one label is needed, not 0"):
        FaceDetection().load(other, Device())


def test_cvats_request_is_answered(assets: Assets) -> None:
    assert assets.model == "face_detection.handler"
    function = Asker(assets)
    (face,) = function.answer(image=photograph_file("astronaut.png"), threshold=0.5)
    assert (face["label"], face["type"]) == ("face", "rectangle")
    assert iou(face["points"], FACE) >= 0.9
    assert function.answer(image=photograph_file("rocket.jpg")) == []
