"""From a file of labels, or the field itself, to the labels that CVAT reads."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_SNAPSHOT, Digest, DigestContents, FileContent
from pants.engine.target import (
    DependenciesRequest,
    HydratedSources,
    HydrateSourcesRequest,
    InvalidFieldException,
    Targets,
)
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks
from pants.util.frozendict import FrozenDict

from modelyard_pants.function.labels import (
    FunctionLabels,
    FunctionLabelsRequest,
    function_labels,
    read_label_set,
    thaw,
)
from modelyard_pants.function.model import LabelsField
from modelyard_pants.function.targets import LabelSet, LabelSetSourceField
from modelyard_pants.function.variants import VariantDependenciesField

FUNCTION = Address("functions/openvino/f", generated_name="cpu-assets")
SET = Address("lib/labels", target_name="pets")


def _read(content: bytes) -> list[Any]:
    labels = run_rule_with_mocks(
        read_label_set,
        rule_args=[LabelSetSourceField("pets.json", SET)],
        mock_gets=[
            MockGet(
                HydratedSources,
                (HydrateSourcesRequest,),
                lambda _: SimpleNamespace(snapshot=EMPTY_SNAPSHOT),
            ),
            MockGet(
                DigestContents,
                (Digest,),
                lambda _: DigestContents([FileContent("lib/labels/pets.json", content)]),
            ),
        ],
    )
    return labels.plain()


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b'["cat"]', ["cat"]),
        ('["猫", "Größe"]'.encode(), ["猫", "Größe"]),
        # An editor of Windows puts a mark before the text.
        (b'\xef\xbb\xbf["cat"]', ["cat"]),
        (b'[{"id": 90, "name": "b"},\r\n {"id": 1, "name": "a"}]\r\n', ["b", "a"]),
    ],
)
def test_a_file_holds_labels_in_their_order(content: bytes, names: list[str]) -> None:
    assert [label["name"] for label in _read(content)] == names


def test_what_cvat_needs_of_a_label_is_written_out() -> None:
    """contracts/cvat.md 1.1: the type is written explicitly, attributes are a list."""
    age = {"name": "age", "input_type": "number", "values": ["0", "150", "1"]}
    face = {"name": "face", "type": "rectangle", "attributes": [age]}
    assert _read(json.dumps(["cat", face]).encode()) == [
        {"name": "cat", "type": "any", "attributes": []},
        face,
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b'["cat"', "Expecting"),
        (b'["caf\xe9"]', "utf-8"),
        (b"null", "a list is needed"),
        (b'{"cat": 1}', "a list is needed"),
        (b'"cat"', "a list is needed"),
        (b"[]", "cannot be used"),
        (b'[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]', "the label id 1 twice"),
        (b'[{"id": NaN, "name": "a"}]', "labels[0].id is nan; an integer is needed"),
        (b'[{"name": "a", "type": "unknown"}]', "labels[0].type is 'unknown'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(InvalidFieldException) as error:
        _read(content)
    said = str(error.value)
    assert said.startswith("lib/labels:pets: the label set cannot be used: ")
    assert reason in said
    assert len(said.splitlines()) == 1


def _labels(field: Any, *sets: LabelSet) -> FunctionLabels:
    request = FunctionLabelsRequest(
        LabelsField(field, FUNCTION), VariantDependenciesField(None, FUNCTION)
    )
    return run_rule_with_mocks(
        function_labels,
        rule_args=[request],
        mock_gets=[
            MockGet(Targets, (DependenciesRequest,), lambda _: Targets(sets)),
            MockGet(
                FunctionLabels,
                (LabelSetSourceField,),
                lambda source: FunctionLabels((FrozenDict({"name": source.value}),)),
            ),
        ],
    )


def test_labels_in_the_field_need_no_file() -> None:
    # A label set among the dependencies is another's.
    found = _labels(["cat"], LabelSet({"source": "pets.json"}, SET))
    assert found.plain() == [{"name": "cat", "type": "any", "attributes": []}]


def test_an_address_stands_for_the_labels_of_its_file() -> None:
    found = _labels("//lib/labels:pets", LabelSet({"source": "pets.json"}, SET))
    assert found.plain() == [{"name": "pets.json"}]


@pytest.mark.parametrize("count", [0, 2])
def test_one_address_is_one_label_set(count: int) -> None:
    sets = [LabelSet({"source": "pets.json"}, SET)] * count
    with pytest.raises(InvalidFieldException) as error:
        _labels("//lib/labels:all", *sets)
    said = str(error.value)
    assert said.startswith("//lib/labels:all: ")
    # Whose field it is, what it has to name, and how many it names.
    for part in ("functions/openvino/f#cpu-assets", "label_set", str(count)):
        assert part in said


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": [1, {"b": [None, True, "x", 0.5]}]},
        [[["deep"]], {"größe": {}}],
    ],
)
def test_what_was_frozen_is_again_what_json_writes(value: Any) -> None:
    thawed = thaw(FrozenDict.deep_freeze({"value": value}))
    assert thawed == {"value": value}
    assert json.loads(json.dumps(thawed)) == {"value": value}
