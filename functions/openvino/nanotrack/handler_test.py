"""The tracker with its real weights on photographs, and with CVAT's requests."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import openvino
import PIL.Image
import pytest

from modelyard import Assets, Image, PackedArray, Polygon, Rectangle, StateError
from modelyard.inference.boxes import iou_matrix
from modelyard.serving.author.params import Params, ParamsError
from nanotrack.batching import make_batchable
from nanotrack.handler import NanoState, NanoTrack
from samples import Asker, photograph

Box = tuple[float, float, float, float]
# In the photograph "astronaut": the face, the model rocket behind, the badge on the chest.
THINGS: list[Box] = [(178, 66, 272, 190), (316, 40, 378, 192), (254, 286, 300, 330)]


def moved_by(x: int, y: int) -> Image:
    """The photograph shifted, with wrap-around at the borders."""
    return Image.from_pixels(np.roll(photograph("astronaut.png").pixels, (y, x), axis=(0, 1)))


def rectangles(boxes: Sequence[Box]) -> list[Rectangle]:
    return [Rectangle("", box) for box in boxes]


def iou(first: Any, second: Any) -> float:
    return float(iou_matrix(np.array([first], float), np.array([second], float))[0, 0])


@pytest.fixture(params=["model", "second"])
def either(request: Any) -> NanoTrack:
    model: NanoTrack = request.getfixturevalue(request.param)
    return model


def test_things_are_followed_as_the_camera_pans(either: NanoTrack) -> None:
    # Not the rocket: its extent is ambiguous.
    things = [THINGS[0], THINGS[2]]
    states = either.start_all(moved_by(0, 0), rectangles(things))
    for step in range(1, 7):
        x, y = -9 * step, 6 * step
        found = either.step_all(moved_by(x, y), states)
        states = [state for _, state in found]
        for (shape, _), box in zip(found, things, strict=True):
            assert isinstance(shape, Rectangle)
            assert iou(shape.box, np.add(box, (x, y, x, y))) >= 0.6


def test_a_thing_that_grows_is_given_a_larger_box(either: NanoTrack) -> None:
    picture = PIL.Image.fromarray(photograph("astronaut.png").pixels)
    state = either.start(photograph("astronaut.png"), Rectangle("", THINGS[0]))
    for factor in (1.04, 1.08, 1.12, 1.16, 1.2, 1.2, 1.2):
        side = round(512 * factor)
        larger = np.asarray(picture.resize((side, side), PIL.Image.Resampling.BILINEAR))
        shape, state = either.step(Image.from_pixels(larger), state)
    assert isinstance(shape, Rectangle)
    assert iou(shape.box, np.array(THINGS[0]) * 1.2) >= 0.75


def test_what_has_gone_is_lost_and_found_where_it_comes_back(either: NanoTrack) -> None:
    image = photograph("astronaut.png")
    state = either.start(image, Rectangle("", THINGS[0]))
    _, state = either.step(image, state)
    lost, kept = either.step(photograph("coffee.png"), state)
    assert lost is None
    assert (kept.center, kept.size) == (state.center, state.size)
    found, _ = either.step(image, kept)
    assert isinstance(found, Rectangle)
    assert iou(found.box, THINGS[0]) >= 0.75


def test_many_objects_are_followed_as_if_each_was_alone(either: NanoTrack) -> None:
    # More than the batch size.
    boxes = [(x, y, x + 60.0, y + 90.0) for x in range(20, 400, 75) for y in range(10, 400, 95)]
    assert len(boxes) > either.batch
    before, after = moved_by(0, 0), moved_by(4, 3)
    together = either.step_all(after, either.start_all(before, rectangles(boxes)))
    assert len(together) == len(boxes)
    for (shape, state), box in list(zip(together, boxes, strict=True))[::5]:
        alone, alone_state = either.step(after, either.start(before, Rectangle("", box)))
        assert (shape is None) == (alone is None)
        np.testing.assert_allclose(state.center, alone_state.center, atol=0.05)
        np.testing.assert_allclose(state.size, alone_state.size, atol=0.05)


def test_no_objects_are_no_trouble(model: NanoTrack) -> None:
    assert model.start_all(moved_by(0, 0), []) == []
    assert model.step_all(moved_by(0, 0), []) == []


@pytest.mark.parametrize("file", ["nanotrack_backbone.onnx", "nanotrack_head.onnx"])
def test_the_networks_compute_the_same_for_a_batch(assets: Assets, file: str) -> None:
    path = assets.weights(file)
    original = openvino.Core().read_model(path)
    changed = openvino.Core().read_model(path)
    make_batchable(changed)
    shapes = {port.any_name: [3, *port.shape[1:]] for port in changed.inputs}
    changed.reshape({name: [-1, *shape[1:]] for name, shape in shapes.items()})
    random = np.random.default_rng(3)
    batch = {name: random.normal(0, 2, shape).astype(np.float32) for name, shape in shapes.items()}
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    together = list(openvino.compile_model(changed, "CPU", exact)(batch).values())
    one_by_one = openvino.compile_model(original, "CPU", exact)
    for index in range(3):
        alone = one_by_one({name: array[index : index + 1] for name, array in batch.items()})
        for got, expected in zip(together, alone.values(), strict=True):
            np.testing.assert_allclose(got[index], expected[0], rtol=1e-4, atol=1e-4)


def test_a_state_is_small_plain_json(model: NanoTrack) -> None:
    state = model.start(photograph("astronaut.png"), Rectangle("", THINGS[0]))
    text = msgspec.json.encode(state)
    assert len(text) < 17_000
    assert msgspec.json.decode(text, type=NanoState) == state


@pytest.mark.parametrize(
    "shape",
    [
        Rectangle("", (-400, -300, -350, -200)),
        Rectangle("", (5000, 10, 5100, 20)),
        Rectangle("", (0, 0, 512, 512)),
        Rectangle("", (-300, -300, 900, 900)),
        Rectangle("", (100, 100, 100, 100)),
        Rectangle("", (200, 200, 100, 100)),
        Rectangle("", (100.2, 90.7, 101.1, 91)),
        Rectangle("", (100, 100, 200, 150), rotation=30),
        Polygon("", (100, 100, 200, 120, 150, 180)),
    ],
)
def test_any_shape_can_be_started_from(model: NanoTrack, shape: Any) -> None:
    image = photograph("astronaut.png")
    found, state = model.step(image, model.start(image, shape))
    assert 0 <= state.center[0] <= image.width
    assert 0 <= state.center[1] <= image.height
    assert found is None or isinstance(found, Rectangle)


@pytest.mark.parametrize("size", [(1, 1), (700, 2), (3, 3000)])
def test_odd_images_are_taken(model: NanoTrack, size: tuple[int, int]) -> None:
    image = Image.from_pixels(np.zeros((size[1], size[0], 3), np.uint8))
    state = model.start(photograph("astronaut.png"), Rectangle("", THINGS[0]))
    model.step(image, state)


def test_a_template_of_another_version_is_refused(model: NanoTrack, second: NanoTrack) -> None:
    state = second.start(photograph("astronaut.png"), Rectangle("", THINGS[0]))
    with pytest.raises(
        StateError, match=r"an array float16 \[48, 8, 8\], not float16 \[96, 8, 8\]"
    ):
        model.step(photograph("astronaut.png"), state)


def test_there_are_two_versions(assets: Assets) -> None:
    other = msgspec.structs.replace(assets, params=Params({"version": "v1"}))
    with pytest.raises(ParamsError, match="Invalid enum value 'v1'"):
        NanoTrack().load(other, None)  # type: ignore[arg-type]  # It fails before this matters.


# --- CVAT's requests ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def function(assets: Assets) -> Asker:
    assert assets.model == "nanotrack.handler"
    return Asker(assets)


FIRST, NEXT = moved_by(0, 0), moved_by(-8, 5)
TARGETS = [np.add(box, (-8, 5, -8, 5)) for box in THINGS]


@pytest.mark.parametrize("follow_up", ["previous shapes", "nulls"])
def test_lists_of_boxes(function: Asker, follow_up: str) -> None:
    shapes = [list(box) for box in THINGS]
    started = function.answer(image=FIRST, shapes=shapes, states=[])
    assert started["shapes"] == shapes
    sent = shapes if follow_up == "previous shapes" else [None] * 3
    reply = function.answer(image=NEXT, shapes=sent, states=started["states"])
    for box, target in zip(reply["shapes"], TARGETS, strict=True):
        assert iou(box, target) >= 0.75
    assert len(reply["states"]) == 3


def test_objects_with_a_type(function: Asker) -> None:
    shapes = [{"type": "rectangle", "points": list(box)} for box in THINGS]
    started = function.answer(image=FIRST, shapes=shapes, states=[])
    assert started["shapes"] == shapes
    reply = function.answer(image=NEXT, shapes=shapes, states=started["states"])
    for shape, target in zip(reply["shapes"], TARGETS, strict=True):
        assert shape["type"] == "rectangle"
        assert iou(shape["points"], target) >= 0.75


def test_the_single_object_of_cvat_1_4(function: Asker) -> None:
    started = function.answer(image=FIRST, shape=list(THINGS[0]), state=None)
    assert started["shape"] == list(THINGS[0])
    reply = function.answer(image=NEXT, shape=started["shape"], state=started["state"])
    assert iou(reply["shape"], TARGETS[0]) >= 0.75


def test_an_object_that_joins_later_keeps_its_place_in_the_list(function: Asker) -> None:
    started = function.answer(image=FIRST, shapes=[list(THINGS[1])], states=[])
    joining = TARGETS[0].tolist()
    reply = function.answer(image=NEXT, shapes=[joining, None], states=[None, *started["states"]])
    assert reply["shapes"][0] == joining
    assert iou(reply["shapes"][1], TARGETS[1]) >= 0.75
    again = function.answer(image=NEXT, shapes=[None, None], states=reply["states"])
    assert iou(again["shapes"][0], TARGETS[0]) >= 0.75


def test_a_lost_object_is_null_and_the_others_go_on(function: Asker) -> None:
    started = function.answer(image=FIRST, shapes=[list(THINGS[0]), list(THINGS[1])], states=[])
    pixels = FIRST.pixels.copy()
    pixels[:400, :290] = photograph("coffee.png").pixels[:400, :290]
    half = Image.from_pixels(pixels)
    reply = function.answer(image=half, shapes=[None, None], states=started["states"])
    assert reply["shapes"][0] is None
    assert iou(reply["shapes"][1], THINGS[1]) >= 0.75
    back = function.answer(image=FIRST, shapes=[None, None], states=reply["states"])
    assert iou(back["shapes"][0], THINGS[0]) >= 0.75
    # CVAT versions that send the previous shapes do not support null.
    reply = function.answer(image=half, shapes=[list(THINGS[0])], states=started["states"][:1])
    assert reply["shapes"] == [list(THINGS[0])]


@pytest.mark.parametrize(
    "change",
    [
        {"center": [1e300, 5]},
        {"center": [1]},
        {"center": "here"},
        {"size": [-4, 5]},
        {"size": [0, 0]},
        {"template": None},
        {"template": "gASVEAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOULg=="},
        {"template": {"py/object": "os.system", "py/reduce": []}},
    ],
)
def test_a_state_we_did_not_make_is_the_clients_fault(
    function: Asker, change: dict[str, Any]
) -> None:
    started = function.answer(image=FIRST, shapes=[list(THINGS[0])], states=[])
    (state,) = started["states"]
    forged = {**state, "state": {**state["state"], **change}}
    reply = function.ask(image=NEXT, shapes=[None], states=[forged])
    assert reply.status == 400
    assert json.loads(reply.body)["error"].startswith("states: ")


def test_an_image_smaller_than_the_state_is_taken(function: Asker) -> None:
    started = function.answer(image=FIRST, shapes=[[400, 400, 500, 500]], states=[])
    tiny = Image.from_pixels(np.zeros((5, 5, 3), np.uint8))
    reply = function.answer(image=tiny, shapes=[None], states=started["states"])
    assert reply["shapes"][0] is None or max(reply["shapes"][0]) <= 5


def test_templates_hold_what_the_network_saw(model: NanoTrack) -> None:
    state = model.start(photograph("astronaut.png"), Rectangle("", THINGS[0]))
    template = state.template.unpack(dtype=np.float16, shape=(96, 8, 8))
    assert np.abs(template).max() > 1
    assert PackedArray.pack(template) == state.template
