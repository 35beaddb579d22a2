"""The detector on OpenCV's sample pictures and a frame of its video, with its real weights."""

import pytest

from coco_ssd.handler import CocoSsd
from modelyard import Device
from modelyard.serving.testing.functions import open_assets
from samples import opencv_picture, video_frames

# Recorded when the same weights first ran, with another conversion.
PICTURES = {
    "apple.jpg": [("apple", 0.936)],
    "orange.jpg": [("orange", 0.939)],
    "messi5.jpg": [("person", 0.977), ("sports ball", 0.877)],
    "basketball1.png": [("person", 0.947), ("person", 0.711)],
}


@pytest.fixture(scope="module")
def model() -> CocoSsd:
    model = CocoSsd()
    model.load(open_assets(), Device())
    return model


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_was_recorded(model: CocoSsd, name: str) -> None:
    found = model.detect(opencv_picture(name), 0.5)
    assert [shape.label for shape in found] == [label for label, _ in PICTURES[name]]
    assert [shape.confidence for shape in found] == pytest.approx(
        [score for _, score in PICTURES[name]], abs=0.02
    )


def test_people_and_cars_on_the_square_are_found(model: CocoSsd) -> None:
    (frame,) = video_frames(range(99, 100))
    found = model.detect(frame, 0.5)
    scores = {
        label: [shape.confidence for shape in found if shape.label == label]
        for label in ("person", "car")
    }
    assert len(found) == 7
    assert len(scores["person"]) == 5
    assert (scores["person"][0], scores["person"][-1]) == pytest.approx((0.92, 0.71), abs=0.02)
    assert scores["car"] == pytest.approx([0.85, 0.69], abs=0.02)
