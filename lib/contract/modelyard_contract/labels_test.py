"""Labels are refused if CVAT would fail on listing its models or saving an annotation."""

from __future__ import annotations

from typing import Any

import pytest

from modelyard_contract.labels import LabelError, normalise_labels


def test_a_name_alone_is_a_label_of_any_type() -> None:
    assert normalise_labels(["cat"]) == [{"name": "cat", "type": "any", "attributes": []}]


def test_every_key_cvat_relies_on_is_written_out() -> None:
    age = {"name": "age", "input_type": "number", "values": ["0", "150", "1"]}
    (label,) = normalise_labels(
        [{"id": 3, "name": "face", "type": "rectangle", "attributes": [age]}]
    )
    assert label == {"id": 3, "name": "face", "type": "rectangle", "attributes": [age]}


JOINT = (
    '<circle data-type="element node" data-element-id="{0}" data-node-id="{0}" '
    'data-label-name="{0}" cx="1" cy="1"/>'
)


def test_a_skeleton_keeps_its_sublabels_and_svg() -> None:
    svg = JOINT.format(1) + JOINT.format(2)
    (label,) = normalise_labels(
        [{"name": "person", "type": "skeleton", "sublabels": ["1", "2"], "svg": svg}]
    )
    assert [sub["type"] for sub in label["sublabels"]] == ["points", "points"]
    assert label["svg"] == svg


@pytest.mark.parametrize(
    ("input_type", "values"),
    [
        ("number", ["0", "150", "1"]),
        ("number", ["-5", "5", "5"]),
        ("select", ["happy"]),
        ("radio", ["a", "b"]),
        ("checkbox", []),
        ("checkbox", ["false"]),
        ("text", []),
        ("text", ["", ""]),
    ],
)
def test_attributes_that_cvat_can_ask_for_are_accepted(input_type: str, values: list[Any]) -> None:
    attribute = {"name": "x", "input_type": input_type, "values": values}
    (label,) = normalise_labels([{"name": "a", "attributes": [attribute]}])
    assert label["attributes"] == [attribute]


@pytest.mark.parametrize(
    ("input_type", "values", "accepted"),
    [
        ("number", [], "minimum, maximum and step"),
        ("number", ["0", "150"], "minimum, maximum and step"),
        ("number", ["0", "1", "0.1"], "whole numbers"),
        ("number", ["5", "5", "1"], "minimum, maximum and step"),
        ("number", ["0", "5", "0"], "minimum, maximum and step"),
        ("select", [], "at least one value"),
        ("radio", ["a", "a"], "each once"),
        ("checkbox", ["yes"], "only 'true' and 'false'"),
    ],
)
def test_attributes_that_cvat_cannot_ask_for_are_refused(
    input_type: str, values: list[Any], accepted: str
) -> None:
    attribute = {"name": "x", "input_type": input_type, "values": values}
    with pytest.raises(LabelError) as error:
        normalise_labels([{"name": "a", "attributes": [attribute]}])
    assert f"labels[0].attributes[0].values is {values!r}; accepted: " in str(error.value)
    assert accepted in str(error.value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["cat", "cat"], "labels has the label name 'cat' twice"),
        ([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "labels has the label id 1 twice"),
        ([{"name": ""}], "labels[0].name is ''"),
        ([{}], "labels[0].name is None"),
        ([{"name": " cat"}], "labels[0].name is ' cat'; text without spaces around it"),
        ([{"name": "a\nb"}], "labels[0].name is 'a\\nb'"),
        ({"name": "a"}, "labels is {'name': 'a'}; a list is needed"),
        ("cat", "labels is 'cat'; a list is needed"),
        (7, "labels is 7; a list is needed"),
        (
            [{"name": "a", "type": "skeleton", "sublabels": 1, "svg": "<circle/>"}],
            "labels[0].sublabels is 1; a list is needed",
        ),
        ([7], "labels[0] is 7"),
        ([{"name": "a", "type": "box"}], "labels[0].type is 'box'; accepted: rectangle"),
        ([{"name": "a", "typ": "mask"}], "labels[0] has the unknown key 'typ'"),
        ([{"name": "a", "id": "1"}], "labels[0].id is '1'; an integer"),
        ([{"name": "a", "id": True}], "labels[0].id is True"),
        ([{"name": "a", "attributes": "age"}], "labels[0].attributes is 'age'"),
        (
            [{"name": "a", "attributes": [{"name": "x", "input_type": "int", "values": []}]}],
            "labels[0].attributes[0].input_type is 'int'; accepted: select",
        ),
        (
            [{"name": "a", "attributes": [{"name": "x", "input_type": "text"}]}],
            "labels[0].attributes[0].values is None",
        ),
        (
            [
                {
                    "name": "a",
                    "attributes": [
                        {"name": "x", "input_type": "text", "values": []},
                        {"name": "x", "input_type": "text", "values": []},
                    ],
                }
            ],
            "labels[0].attributes has the attribute name 'x' twice",
        ),
        ([{"name": "a", "type": "skeleton"}], "needs both sublabels and svg"),
        ([{"name": "a", "svg": ""}], "which only a skeleton may have"),
        (
            [{"name": "a", "type": "skeleton", "sublabels": ["1"], "svg": "<circle/>"}],
            "labels[0].svg cannot be used: a circle lacks data-element-id",
        ),
    ],
)
def test_what_cvat_would_refuse_is_refused_with_its_place(labels: list[Any], message: str) -> None:
    with pytest.raises(LabelError) as error:
        normalise_labels(labels)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
