"""Re-identification with a planted embedding: the mean colour, as B, G, R."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from openvino import opset13 as op

from modelyard import Device, Image, ReidBox
from modelyard.inference.appearance import cosine_distances
from modelyard.inference.testing.networks import plant
from modelyard.serving.testing.assets import planted_assets
from person_reidentification_retail_0277.handler import PersonReidentification, cut
from person_reidentification_retail_0277.matching import assign

RED, GREEN, BLUE, PINK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 90, 90)
SIZES = [(200, 200), (400, 60), (60, 400)]
Colour = tuple[int, int, int]
Edges = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PersonReidentification:
    def mean(pixels: Any) -> Any:
        return op.reduce_mean(pixels, op.constant(np.array([2, 3])), keep_dims=False)

    inputs = {"data": ((1, 3, 256, 128), np.float32)}
    name = "person-reidentification-retail-0277.xml"
    folder = tmp_path_factory.mktemp("planted")
    plant(folder / "weights" / name, inputs, {"reid_embedding": mean})
    model = PersonReidentification()
    module = "person_reidentification_retail_0277.handler"
    model.load(planted_assets(folder, module, "reid"), Device())
    return model


def picture(size: tuple[int, int], *people: tuple[Edges, Colour]) -> Image:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    for (left, top, right, bottom), colour in people:
        pixels[int(top) : int(bottom), int(left) : int(right)] = colour
    return Image.from_pixels(pixels)


def boxes(*edges: Edges, label: int = 1) -> list[ReidBox]:
    return [ReidBox(item, label) for item in edges]


def places(size: tuple[int, int]) -> list[Edges]:
    """One in each corner."""
    w, h = size[0] // 4, size[1] // 4
    return [(x, y, x + w, y + h) for x, y in itertools.product((0, size[0] - w), (0, size[1] - h))]


@pytest.mark.parametrize("size", SIZES)
def test_people_are_found_again_by_what_they_look_like(
    model: PersonReidentification, size: tuple[int, int]
) -> None:
    colours = [RED, GREEN, BLUE, PINK]
    where = places(size)
    first = picture(size, *zip(where, colours, strict=True))
    second = picture(size, *zip(where, [colours[n] for n in (2, 0, 3, 1)], strict=True))
    found = model.match(first, second, boxes(*where), boxes(*where), 0.5, 1000)
    assert found == [1, 3, 0, 2]


@given(st.permutations(range(4)), st.permutations(range(4)), st.integers(1, 3), st.booleans())
@settings(max_examples=15, deadline=None)
def test_what_happens_to_both_images_changes_no_pair(
    model: PersonReidentification,
    before: list[int],
    after: list[int],
    factor: int,
    mirrored: bool,
) -> None:
    """Regardless of the boxes' order and size, and mirroring."""
    size = (200 * factor, 120 * factor)
    where = [
        (size[0] - right, top, size[0] - left, bottom) if mirrored else (left, top, right, bottom)
        for left, top, right, bottom in places(size)
    ]
    colours = [RED, GREEN, BLUE, PINK]
    image = picture(size, *zip(where, colours, strict=True))
    first, second = ([where[index] for index in order] for order in (before, after))
    found = model.match(image, image, boxes(*first), boxes(*second), 0.02, 10 * factor)
    assert [after[column] for column in found] == before


def test_a_pair_must_look_alike(model: PersonReidentification) -> None:
    (place, *_) = places((200, 200))
    red, pink = (picture((200, 200), (place, colour)) for colour in (RED, PINK))
    # The cosine of the two colours.
    distance = 1 - 255 / float(np.linalg.norm(PINK))
    for slack, expected in ((1e-3, [0]), (-1e-3, [-1])):
        limit = distance + slack
        assert model.match(red, pink, boxes(place), boxes(place), limit, 50) == expected


@pytest.mark.parametrize(("limit", "expected"), [(50, [0]), (49.9, [-1])])
def test_a_pair_must_be_near(
    model: PersonReidentification, limit: float, expected: list[int]
) -> None:
    first, second = (20, 20, 60, 60), (50, 60, 90, 100)
    before, after = (picture((200, 200), (place, RED)) for place in (first, second))
    assert model.match(before, after, boxes(first), boxes(second), 0.5, limit) == expected


def test_labels_are_not_mixed(model: PersonReidentification) -> None:
    (place, *_) = places((200, 200))
    image = picture((200, 200), (place, RED))
    assert model.match(image, image, boxes(place), boxes(place, label=2), 2.0, 50) == [-1]


def test_no_box_is_used_twice(model: PersonReidentification) -> None:
    place = (20, 20, 60, 60)
    image = picture((200, 200), (place, RED))
    twins = boxes(place, place)
    assert sorted(model.match(image, image, twins, boxes(place), 0.5, 50)) == [-1, 0]


def test_each_box_is_looked_at_once(
    model: PersonReidentification, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upstream ran the network twice per pair."""
    runs = []
    infer = model._session.infer

    def counted(inputs: Any) -> Any:
        runs.append(inputs)
        return infer(inputs)

    monkeypatch.setattr(model._session, "infer", counted)
    where = [*places((200, 200)), (80, 80, 120, 120)]
    image = picture((200, 200), *[(place, RED) for place in where])
    model.match(image, image, boxes(*where), boxes(*where), 0.5, 1000)
    assert len(runs) == 2 * len(where)


@pytest.mark.parametrize("counts", [(0, 0), (0, 2), (2, 0)])
def test_nobody_is_taken(model: PersonReidentification, counts: tuple[int, int]) -> None:
    place = (20, 20, 60, 60)
    image = picture((200, 200), (place, RED))
    first, second = (boxes(*[place] * count) for count in counts)
    assert model.match(image, image, first, second, 0.5, 50) == [-1] * counts[0]


@pytest.mark.parametrize(
    "edges", [(-50, -50, -10, -10), (300, 300, 400, 400), (5, 5, 5, 5), (199.5, 0, 200, 0.5)]
)
def test_boxes_without_pixels_are_taken(edges: Edges) -> None:
    """Upstream cropped nothing and raised."""
    assert cut(picture((200, 200)), ReidBox(edges, 1)).shape == (1, 3, 256, 128)


def test_a_box_shows_its_own_pixels_and_all_of_them() -> None:
    """Upstream left out the last row and column of a box at the border."""
    image = picture((100, 80), ((60, 40, 100, 80), GREEN))
    assert (
        cut(image, ReidBox((60, 40, 100, 80), 1)) == np.array([0, 255, 0]).reshape(3, 1, 1)
    ).all()


distances = arrays(
    np.float64,
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    elements=st.integers(0, 16).map(lambda n: n / 8),
)


def best(costs: NDArray[Any], allowed: NDArray[Any]) -> tuple[int, float]:
    """The largest number of pairs and its least cost, by exhaustive search."""
    rows, columns = costs.shape
    options: list[tuple[int, float]] = []
    choices: Sequence[int | None] = [*range(columns), *[None] * rows]
    for order in set(itertools.permutations(choices, rows)):
        pairs = [(r, c) for r, c in enumerate(order) if c is not None]
        if all(allowed[pair] for pair in pairs):
            options.append((-len(pairs), float(sum(costs[pair] for pair in pairs))))
    count, cost = min(options)
    return -count, cost


@given(distances, st.sampled_from([0.3, 1.0, 2.0]))
@settings(deadline=None, max_examples=60)
def test_the_pairing_is_the_best_one(costs: NDArray[Any], limit: float) -> None:
    allowed = costs <= limit
    found = assign(costs, allowed)
    pairs = [(row, column) for row, column in enumerate(found) if column >= 0]
    assert len({column for _, column in pairs}) == len(pairs)
    assert (len(pairs), sum(costs[pair] for pair in pairs)) == pytest.approx(best(costs, allowed))


def test_distances_are_those_of_the_cosine() -> None:
    first, second = np.array([[1, 0], [0, 0], [3, 4]]), np.array([[2, 0], [0, -5], [-1, 0]])
    expected = np.array([[0, 1, 2], [1, 1, 1], [0.4, 1.8, 1.6]])
    np.testing.assert_allclose(cosine_distances(first, second), expected, atol=1e-12)
