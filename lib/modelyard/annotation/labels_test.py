import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.annotation.errors import LabelError
from modelyard.annotation.labels import Label, LabelAttribute, LabelSet
from modelyard.annotation.testing.skeletons import drawing_of
from modelyard.annotation.testing.strategies import steady
from modelyard_contract.labels import LABEL_TYPES, LabelType

COCO = (
    b'[{"id": 1, "name": "person", "type": "rectangle"}, {"id": 18, "name": "dog", "type": "any"}]'
)
SVG = drawing_of(["nose"])
# Without separators and unprintable characters.
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12
)


def attribute(input_type: Any, *values: str) -> LabelAttribute:
    return LabelAttribute("a", input_type, values)


def test_labels_are_found_by_name_and_by_id() -> None:
    labels = LabelSet.from_json(COCO)

    assert labels.names == ("person", "dog")
    assert labels.ids == (1, 18)
    assert labels.by_id(18) is labels.by_name("dog")
    assert "dog" in labels
    assert "Dog" not in labels
    assert [label.type for label in labels] == ["rectangle", "any"]
    assert len(labels) == 2


def test_a_decoded_list_and_an_empty_text_are_read_too() -> None:
    assert LabelSet.from_json(json.loads(COCO)).names == ("person", "dog")
    assert LabelSet.from_json(COCO.decode()).names == ("person", "dog")
    assert len(LabelSet.from_json(b"")) == 0


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(LabelError, match=r"'preson' is not .* did you mean \['person'\]\?"):
        LabelSet.from_json(COCO).by_name("preson")


def test_an_unknown_label_gets_a_short_list_of_those_there_are() -> None:
    labels = LabelSet(Label(f"label {number}", number) for number in range(80))

    with pytest.raises(LabelError, match=r"id 99 .*: 0, 1, 2, 3, 4, … \(80 in all\)"):
        labels.by_id(99)
    with pytest.raises(LabelError, match="it is empty"):
        LabelSet([]).by_name("x")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("[", "truncated"),
        ('{"name": "a"}', "Expected `array`"),
        ('[{"id": 1}]', "missing required field `name`"),
        ('[{"name": "a", "type": "box"}]', r"Invalid enum value 'box' - at `\$\[0\].type`"),
        ('[{"name": "a", "id": "1"}]', r"Expected `int \| null`, got `str` - at `\$\[0\].id`"),
        ('[{"name": " "}]', r"labels\[0\].name is ' '"),
        ('[{"name": "a"}, {"name": "a"}]', "labels has the label name 'a' twice"),
        ('[{"name": "a", "id": 0}, {"name": "b", "id": 0}]', "labels has the label id 0 twice"),
        (
            '[{"name": "a", "attributes": [{"name": "b", "input_type": "text"}]}]',
            "missing required field `values`",
        ),
        (
            '[{"name": "a", "attributes": [{"name": "b", "input_type": "text", "values": []},'
            ' {"name": "b", "input_type": "text", "values": []}]}]',
            r"labels\[0\].attributes has the attribute name 'b' twice",
        ),
        ('[{"name": "a", "type": "skeleton"}]', "needs both sublabels and svg"),
        ('[{"name": "a", "sublabels": [{"name": "b"}]}]', "which only a skeleton may have"),
        (
            json.dumps(
                [{"name": "a", "type": "skeleton", "svg": SVG, "sublabels": [{"name": "ear"}]}]
            ),
            "its circles and the sublabels differ: 'ear', 'nose'",
        ),
    ],
)
def test_a_set_that_would_break_cvats_model_list_is_refused(spec: str, reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        LabelSet.from_json(spec)


def test_a_skeleton_has_its_joints() -> None:
    label = {"name": "face", "type": "skeleton", "svg": SVG, "sublabels": [{"name": "nose"}]}

    (face,) = LabelSet.from_json([label])

    assert [joint.name for joint in face.sublabels] == ["nose"]


@steady
@given(
    st.lists(
        st.builds(
            Label,
            NAMES,
            st.none(),
            st.sampled_from([kind for kind in LABEL_TYPES if kind != "skeleton"]),
            st.just(()) | st.just((attribute("select", "x", "y"),)),
        ),
        unique_by=lambda label: label.name,
    )
)
def test_json_and_back(labels: list[Label]) -> None:
    text = LabelSet(labels).to_json()

    assert list(LabelSet.from_json(text)) == labels
    # Versions of CVAT differ on what a missing type means.
    assert all("type" in label for label in json.loads(text))


def test_the_types_of_sublabels_are_written_out() -> None:
    face = Label("face", type="skeleton", sublabels=(Label("nose"),), svg=SVG)

    (spec,) = json.loads(LabelSet([face]).to_json())

    assert spec["sublabels"] == [{"name": "nose", "type": "any"}]


@pytest.mark.parametrize(
    ("declared", "kind", "accepted"),
    [
        ("any", "rectangle", True),
        ("any", "tag", True),
        ("any", "skeleton", False),
        ("mask", "polygon", True),
        ("polygon", "mask", True),
        ("rectangle", "rectangle", True),
        ("rectangle", "polygon", False),
        ("skeleton", "skeleton", True),
    ],
)
def test_types_pair_as_they_do_in_cvat(declared: LabelType, kind: str, *, accepted: bool) -> None:
    assert Label("a", type=declared).accepts(kind) is accepted


@pytest.mark.parametrize(
    ("declared", "value", "accepted"),
    [
        (attribute("select", "red", "blue"), "red", True),
        (attribute("select", "red", "blue"), "green", False),
        (attribute("radio", "red"), "blue", False),
        (attribute("checkbox", "false"), "true", True),
        (attribute("checkbox", "false"), "yes", False),
        (attribute("number", "0", "150", "1"), "31", True),
        (attribute("number", "0", "150", "1"), "-1", False),
        (attribute("number", "0", "150", "1"), "3.5", False),
        (attribute("number", "0", "150", "1"), "²", False),
        (attribute("text"), "anything at all", True),
    ],
)
def test_values_that_cvat_would_drop(
    declared: LabelAttribute, value: str, *, accepted: bool
) -> None:
    assert declared.accepts(value) is accepted
