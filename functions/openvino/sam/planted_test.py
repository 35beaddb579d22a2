"""The interactor with networks that have planted masks: to the pixel, and from the cache."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard import Assets, Clicks, Device, Image, RequestError, Segment
from modelyard.imaging import fill
from modelyard.inference.testing.segment_anything import CLICK_RADIUS, plant_sam
from sam.handler import Sam, clicked_outline

# Scaled by four it fills the encoder's square, so each pixel is a cell of the decoder.
BLACK = Image.from_pixels(np.zeros((128, 256, 3), np.uint8))
RADIUS = CLICK_RADIUS // 4


def planted(folder: Path, **params: Any) -> Sam:
    """An interactor with planted networks."""
    (folder / "weights").mkdir(parents=True)
    plant_sam(folder / "weights")
    described = {"schema": 1, "name": "sam", "type": "interactor", "model": "sam.handler"}
    (folder / "model.json").write_text(json.dumps(described | {"params": params}))
    model = Sam()
    model.load(Assets.open(folder), Device())
    return model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Sam:
    return planted(tmp_path_factory.mktemp("planted") / "assets")


def outline_of(segment: Segment) -> np.ndarray[Any, Any]:
    assert segment.polygon is not None
    return np.reshape(segment.polygon, (-1, 2))


def test_mask_and_outline_are_where_the_click_is(model: Sam) -> None:
    segment = model.segment(BLACK, Clicks(positive=((100, 50),)))
    expected = np.zeros((128, 256), bool)
    expected[50 - RADIUS : 50 + RADIUS, 100 - RADIUS : 100 + RADIUS] = True
    np.testing.assert_array_equal(segment.mask, expected)
    assert segment.bounds is None
    np.testing.assert_array_equal(fill(outline_of(segment), BLACK.size), expected)


def test_a_box_a_click_and_what_is_not_part(model: Sam) -> None:
    box = (30.0, 20.0, 150.0, 100.0)
    segment = model.segment(BLACK, Clicks(positive=((50, 30),), negative=((90, 60),), box=box))
    expected = np.zeros((128, 256), bool)
    expected[20:100, 30:150] = True
    expected[55:65, 85:95] = False
    np.testing.assert_array_equal(segment.mask, expected)
    # CVAT's polygons have no holes.
    assert outline_of(segment).min(axis=0).tolist() == [30, 20]
    assert outline_of(segment).max(axis=0).tolist() == [150, 100]


@pytest.mark.parametrize("clicks", [Clicks(), Clicks(negative=((5, 5),)), Clicks(text=("cat",))])
def test_without_a_click_or_a_box_it_says_what_to_do(model: Sam, clicks: Clicks) -> None:
    with pytest.raises(RequestError, match="click on the object, or draw a box") as caught:
        model.segment(BLACK, clicks)
    assert caught.value.status == 400


def test_where_nothing_is_there_is_no_outline(model: Sam) -> None:
    segment = model.segment(BLACK, Clicks(positive=((100, 50),), threshold=1.0))
    assert not segment.mask.any()
    assert segment.polygon is None


def test_the_outline_is_that_of_the_part_that_was_clicked() -> None:
    mask = np.zeros((40, 100), bool)
    mask[2:30, 2:40] = True
    mask[10:20, 60:70] = True
    on_small = clicked_outline(mask, Clicks(positive=((65.5, 15.5),)))
    assert on_small is not None
    np.testing.assert_array_equal(fill(on_small, (100, 40))[:, 50:], mask[:, 50:])
    for clicks in (Clicks(), Clicks(positive=((90, 5),)), Clicks(positive=((3, 3), (65, 15)))):
        outline = clicked_outline(mask, clicks)
        assert outline is not None
        assert outline.max() == 40


class Counter:
    """Wraps the encoder and counts its calls."""

    def __init__(self, model: Sam, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images: list[str] = []
        encoder = model._encoder
        embed = encoder.embed

        def counted(image: Image, fit: Any) -> Any:
            self.images.append(image.digest)
            return embed(image, fit)

        monkeypatch.setattr(encoder, "embed", counted)


def plain(value: int) -> Image:
    return Image.from_pixels(np.full((64, 64, 3), value, np.uint8))


def test_the_second_click_does_not_run_the_encoder(
    model: Sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(model, monkeypatch)
    first, second = plain(1), plain(2)
    masks = [
        model.segment(image, Clicks(positive=((x, 30),))).mask
        for image, x in ((first, 20), (first, 40), (second, 20), (first, 20))
    ]
    assert counter.images == [first.digest, second.digest]
    np.testing.assert_array_equal(masks[0], masks[3])
    assert (masks[0] != masks[1]).any()


def test_of_more_images_than_fit_the_last_ones_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An embedding is 4 MiB, so two of them fit.
    model = planted(tmp_path / "assets", embedding_cache_mib=8)
    counter = Counter(model, monkeypatch)
    for value in (1, 2, 3, 3, 2, 1):
        model.segment(plain(value), Clicks(positive=((30, 30),)))
        assert model._embeddings.held_bytes <= 8 * 1024 * 1024
    assert counter.images == [plain(value).digest for value in (1, 2, 3, 1)]


def test_a_cache_of_nothing_encodes_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = planted(tmp_path / "assets", embedding_cache_mib=0)
    counter = Counter(model, monkeypatch)
    for _ in range(2):
        model.segment(plain(1), Clicks(positive=((30, 30),)))
    assert len(counter.images) == 2


def test_warming_up_leaves_the_cache_to_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = planted(tmp_path / "assets")
    counter = Counter(model, monkeypatch)
    model.warm_up()
    assert counter.images == []
    assert model.segment(BLACK, Clicks(box=(0, 0, 256, 128))).mask.all()
