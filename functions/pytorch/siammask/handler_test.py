"""The tracker as in a worker, with random weights and every CVAT request format."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from torch import Tensor

from modelyard import Assets, Device, Image, Mask, Polygon, Rectangle, RequestError
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.author.params import ParamsError
from modelyard.serving.worker.endpoint import Endpoint
from siammask.geometry import Target
from siammask.handler import SiamMaskTracker, report
from siammask.testing import write_assets

BOX = [30.0, 20.0, 70.0, 60.0]
OTHER = [80.0, 10.0, 140.0, 100.0]


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return write_assets(tmp_path_factory.mktemp("assets") / "siammask")


def worker(assets: Assets) -> Endpoint:
    model = SiamMaskTracker()
    model.load(assets, Device())
    return Endpoint(model, assets, ImageCache())


@pytest.fixture(scope="module")
def endpoint(assets: Assets) -> Endpoint:
    return worker(assets)


def picture(seed: int, mode: str = "RGB") -> str:
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).resize((160, 120)).convert(mode).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def ask(endpoint: Endpoint, **fields: Any) -> Any:
    fields.setdefault("image", picture(1))
    return json.loads(endpoint.answer(json.dumps(fields).encode()))


def box_of(numbers: list[float]) -> list[float]:
    return [min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])]


def test_a_start_repeats_the_shapes(endpoint: Endpoint) -> None:
    reply = ask(endpoint, shapes=[BOX, OTHER], states=[])
    assert reply["shapes"] == [BOX, OTHER]
    assert len(reply["states"]) == 2


def test_states_are_small_and_do_for_another_worker(assets: Assets, endpoint: Endpoint) -> None:
    states = ask(endpoint, shapes=[BOX], states=[])["states"]
    assert len(json.dumps(states)) < 70_000
    assert states[0]["state"]["template"]["dtype"] == "float32"
    here = ask(endpoint, image=picture(2), shapes=[None], states=states)
    there = ask(worker(assets), image=picture(2), shapes=[None], states=states)
    assert here == there


def test_follow_ups_of_every_version(endpoint: Endpoint) -> None:
    states = ask(endpoint, shapes=[BOX], states=[])["states"]
    classic = ask(endpoint, image=picture(2), shapes=[BOX], states=states)
    assert len(classic["shapes"][0]) in {4, 8, 10, 12, 14, 16}
    echoed = ask(endpoint, image=picture(2), shapes=classic["shapes"], states=states)
    assert echoed == classic
    single = ask(endpoint, image=picture(2), shape=BOX, state=states[0])
    assert single == {"shape": classic["shapes"][0], "state": classic["states"][0]}
    newest = ask(endpoint, image=picture(2), shapes=[None], states=states)
    assert newest["states"] == classic["states"]
    assert newest["shapes"][0]["type"] == "rectangle"
    assert newest["shapes"][0]["points"] == pytest.approx(box_of(classic["shapes"][0]), abs=0.02)


def test_the_1_4_form_starts_with_null(endpoint: Endpoint) -> None:
    reply = ask(endpoint, shape=BOX, state=None)
    assert reply["shape"] == BOX
    assert reply["state"] == ask(endpoint, shapes=[BOX])["states"][0]


def test_objects_start_and_go_on_side_by_side(endpoint: Endpoint) -> None:
    (state,) = ask(endpoint, shapes=[OTHER], states=[])["states"]
    both = ask(endpoint, image=picture(2), shapes=[BOX, None], states=[None, state])
    started = ask(endpoint, image=picture(2), shapes=[BOX], states=[])
    moved = ask(endpoint, image=picture(2), shapes=[[0, 0, 1, 1]], states=[state])
    assert both == {
        "shapes": started["shapes"] + moved["shapes"],
        "states": started["states"] + moved["states"],
    }


def test_many_objects_give_what_each_gives_alone(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three groups, the last of one.
    monkeypatch.setattr(SiamMaskTracker, "batch", 2)
    boxes = [BOX, OTHER, [0, 0, 160, 120], [-20, -30, 10, 10], [50, 50, 50, 50]]
    states = ask(endpoint, shapes=boxes, states=[])["states"]
    together = ask(endpoint, image=picture(2), shapes=[None] * 5, states=states)
    for index, state in enumerate(states):
        alone = ask(endpoint, image=picture(2), shapes=[None], states=[state])
        for name in ("x", "y", "width", "height"):
            one, other = (r["state"][name] for r in (alone["states"][0], together["states"][index]))
            assert one == pytest.approx(other, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "points"),
    [("polygon", [30, 20, 70, 20, 70, 60, 30, 60]), ("mask", [0, 1681, 30, 20, 70, 60])],
)
def test_objects_are_reported_as_they_were_drawn(
    endpoint: Endpoint, kind: str, points: list[float]
) -> None:
    shape = {"type": kind, "points": points}
    started = ask(endpoint, shapes=[shape], states=[])
    assert started["shapes"] == [shape]
    moved = ask(endpoint, image=picture(2), shapes=[None], states=started["states"])
    assert moved["shapes"][0] is None or moved["shapes"][0]["type"] == kind


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16"])
def test_images_of_any_mode_are_taken(endpoint: Endpoint, mode: str) -> None:
    image = picture(1, mode if mode != "I;16" else "L")
    if mode == "I;16":
        grey = np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(image)))).astype(np.uint16)
        file = io.BytesIO()
        PIL.Image.fromarray(grey * 257).save(file, "PNG")
        image = base64.b64encode(file.getvalue()).decode()
    states = ask(endpoint, image=image, shapes=[BOX], states=[])["states"]
    assert ask(endpoint, image=image, shapes=[None], states=states)["shapes"][0]


def test_the_network_sees_blue_first(assets: Assets, monkeypatch: pytest.MonkeyPatch) -> None:
    model = SiamMaskTracker()
    model.load(assets, Device())
    seen: list[Tensor] = []
    template = model._network.template

    def noting(images: Tensor) -> Tensor:
        seen.append(images)
        return template(images)

    monkeypatch.setattr(model._network, "template", noting)
    pixels = np.zeros((50, 50, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 200, 7
    state = model.start(Image.from_pixels(pixels), Rectangle("", (10, 10, 30, 30)))
    assert seen[0].amax((0, 2, 3)).tolist() == [7, 0, 200]
    assert state.padding == (200, 0, 7)


def malformed(state: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**state, "state": {**state["state"], **changes}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x": 1e300}, "<= 100000"),
        ({"width": 0}, ">= 1"),
        ({"form": "tag"}, "form"),
        ({"padding": [1, 2]}, "padding"),
        ({"template": {"dtype": "float32", "shape": [1], "data": "AAAAAA=="}}, "256, 7, 7"),
        ({"template": {"py/object": "os.system"}}, "template"),
    ],
)
def test_states_from_elsewhere_are_the_clients_fault(
    endpoint: Endpoint, changes: dict[str, Any], reason: str
) -> None:
    (state,) = ask(endpoint, shapes=[BOX], states=[])["states"]
    with pytest.raises(RequestError, match=reason) as caught:
        ask(endpoint, shapes=[None], states=[malformed(state, **changes)])
    assert caught.value.status == 400


def test_a_template_of_huge_numbers_is_the_clients_fault(endpoint: Endpoint) -> None:
    (state,) = ask(endpoint, shapes=[BOX], states=[])["states"]
    huge = base64.b64encode(np.full((256, 7, 7), 3e38, "<f4").tobytes()).decode()
    template = {"dtype": "float32", "shape": [256, 7, 7], "data": huge}
    with pytest.raises(RequestError, match="start tracking again") as caught:
        ask(endpoint, shapes=[None], states=[malformed(state, template=template)])
    assert caught.value.status == 400


def test_reports_in_every_form() -> None:
    target = Target(30, 20, 12, 8)
    bitmap = np.zeros((60, 80), bool)
    assert report(bitmap, target, "rectangle") == Rectangle("", (24, 16, 36, 24))
    assert report(bitmap, target, "polygon") == Polygon("", (24, 16, 36, 16, 36, 24, 24, 24))
    assert report(bitmap, target, "mask") is None
    bitmap[10:30, 20:50] = True
    polygon = report(bitmap, target, "polygon")
    assert isinstance(polygon, Polygon)
    assert {*zip(*[iter(polygon.points)] * 2, strict=True)} == {
        (20, 10),
        (50, 10),
        (50, 30),
        (20, 30),
    }
    mask = report(bitmap, target, "mask")
    assert isinstance(mask, Mask)
    assert (mask.left, mask.top, mask.bitmap.shape) == (20, 10, (20, 30))


def test_bfloat16_finds_nearly_the_same(assets: Assets, tmp_path: Path) -> None:
    """On CPUs without it the results are the same."""
    quick = SiamMaskTracker()
    quick.load(write_assets(tmp_path / "quick", {"precision": "bfloat16"}), Device())
    exact = SiamMaskTracker()
    exact.load(assets, Device())
    image = Image.from_pixels(np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8))
    shape = Rectangle("", (30, 20, 70, 60))
    seen = [model.start(image, shape).features() for model in (quick, exact)]
    assert seen[0].dtype == np.float32
    np.testing.assert_allclose(seen[0], seen[1], atol=0.05 * float(seen[1].std()) + 0.02)
    (_, state), *_ = quick.step_all(image, [quick.start(image, shape)])
    assert np.isfinite([state.x, state.y, state.width, state.height]).all()


def test_an_unknown_precision_is_named(tmp_path: Path) -> None:
    bad = write_assets(tmp_path / "bad", {"precision": "int8"})
    with pytest.raises(ParamsError, match="Invalid enum value 'int8'"):
        SiamMaskTracker().load(bad, Device())
