"""Detectors, as CVAT's models page and its automatic annotation call them."""

import numpy as np
import pytest
import requests

from cvat.client import CvatServer, Mode
from cvat.pictures import SIZE, picture
from modelyard.annotation import Mask, Rectangle, replies
from modelyard.serving.testing.shapes import KINDS, cell
from modelyard_tools.embedded.testing.process import PlatformProcess

BOX = (40.0, 30.0, 120.0, 90.0)


def test_a_frame_is_annotated(cvat: CvatServer) -> None:
    function = cvat.function("tiny-detector")
    reply = cvat.invoke(function, {"image": picture(BOX)})
    (found,) = replies.detections(reply, function.labels, SIZE)
    assert isinstance(found, Rectangle)
    assert (found.label, found.box) == ("bright", BOX)


def test_nothing_found_is_an_empty_list(cvat: CvatServer) -> None:
    assert cvat.invoke(cvat.function("tiny-detector"), {"image": picture()}) == []


@pytest.mark.parametrize(("threshold", "count"), [(0.5, 1), ("0.5", 1), (0.95, 0)])
def test_the_threshold_holds(cvat: CvatServer, threshold: float | str, count: int) -> None:
    payload = {"image": picture(BOX), "threshold": threshold}
    assert len(cvat.invoke(cvat.function("tiny-detector"), payload)) == count


@pytest.mark.parametrize(
    ("file_format", "image_mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "L"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("WEBP", "RGB"),
        ("BMP", "RGB"),
        ("TIFF", "RGB"),
        ("GIF", "P"),
        ("PNG", "I;16"),
    ],
)
def test_every_kind_of_file_cvat_keeps_is_read(
    cvat: CvatServer, file_format: str, image_mode: str
) -> None:
    image = picture(BOX, file_format=file_format, mode=image_mode)
    function = cvat.function("tiny-detector")
    found = replies.detections(cvat.invoke(function, {"image": image}), function.labels, SIZE)
    if image_mode != "I;16":
        # Colours survive in the other modes.
        (rectangle,) = found
        assert np.allclose(rectangle.box, BOX, atol=4)  # type: ignore[union-attr]


def test_every_kind_of_shape_arrives_where_it_was_seen(cvat: CvatServer) -> None:
    function = cvat.function("tiny-shapes")
    reply = cvat.invoke(function, {"image": picture()})
    found = replies.detections(reply, function.labels, SIZE)
    assert [shape.kind for shape in found] == [*KINDS, "tag"]
    assert [shape.label for shape in found] == list(function.labels.names)
    mask = found[KINDS.index("mask")]
    assert isinstance(mask, Mask)
    left, top, width, height = cell("mask", *SIZE)
    assert left < mask.left < left + width
    assert top < mask.top < top + height
    assert mask.bitmap.mean() == pytest.approx(0.75, abs=0.05)


def test_a_fault_keeps_its_status_for_cvats_user(cvat: CvatServer) -> None:
    function = cvat.function("tiny-detector")
    with pytest.raises(requests.HTTPError, match=r"^400"):
        cvat.invoke(function, {"image": "bm8gaW1hZ2U="})
    with pytest.raises(requests.HTTPError, match=r"^413"):
        cvat.invoke(function, {"image": "A" * (2 * 1024 * 1024)})
    assert cvat.invoke(function, {"image": picture()}) == []


def test_a_cvat_in_containers_may_call_the_machine_by_any_name(
    platform: PlatformProcess, mode: Mode
) -> None:
    inside = CvatServer(platform.port, mode, host="host.docker.internal")
    assert len(inside.invoke(inside.function("tiny-detector"), {"image": picture(BOX)})) == 1
