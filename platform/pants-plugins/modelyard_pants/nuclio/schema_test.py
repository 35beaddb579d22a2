"""Every rendering is valid by the schema, and the schema rejects what Nuclio would drop."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import pkgutil
from typing import Any, Iterator

import jsonschema
import pytest

from modelyard_contract.annotations import complete
from modelyard_pants.nuclio.classic import classic_config
from modelyard_pants.nuclio.function import function_config
from modelyard_pants.nuclio.kubernetes import kubernetes_object
from modelyard_pants.nuclio.processor import processor_config
from modelyard_pants.nuclio.testing.spec import BUILD, SPEC

SCHEMA = json.loads(pkgutil.get_data("modelyard_pants.nuclio", "nuclio.schema.json") or b"")
FORMS = {
    "function": function_config,
    "processor": processor_config,
    "kubernetes": kubernetes_object,
    "classic": lambda spec: classic_config(spec, BUILD),
}
BARE = dataclasses.replace(
    SPEC, env={}, memory=None, cpus=None, event_timeout=None, availability_timeout=0
)
GPU = dataclasses.replace(SPEC, variant="gpu", gpus=2, cpus="500m")
INTERACTOR = dataclasses.replace(
    SPEC,
    type="interactor",
    labels=(),
    annotations=complete(
        "interactor",
        {
            "min_pos_points": "4",
            "min_neg_points": "-1",
            "startswith_box": "true",
            "help_message": "Click",
            "animated_gif": "https://example.org/a.gif",
        },
    ),
)
TRACKER = dataclasses.replace(
    SPEC, type="tracker", labels=(), annotations={"supported_shape_types": "rectangle,mask"}
)
REID = dataclasses.replace(SPEC, type="reid", labels=())


def _validator(form: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({**SCHEMA, "anyOf": [{"$ref": f"#/definitions/{form}"}]})


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("spec", [SPEC, BARE, GPU, INTERACTOR, TRACKER, REID])
def test_every_rendering_is_valid(form: str, spec: Any) -> None:
    _validator(form).validate(FORMS[form](spec))


@pytest.mark.parametrize(("form", "other"), itertools.permutations(FORMS, 2))
def test_no_form_passes_for_another(form: str, other: str) -> None:
    assert not _validator(other).is_valid(FORMS[form](SPEC))


def _mappings(node: Any, path: tuple = ()) -> Iterator[tuple]:
    if isinstance(node, dict):
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        if isinstance(child, (dict, list)):
            yield from _mappings(child, (*path, key))


def _at(document: Any, path: tuple) -> Any:
    for key in path:
        document = document[key]
    return document


@pytest.mark.parametrize("form", FORMS)
def test_an_unknown_key_is_refused_anywhere(form: str) -> None:
    document = FORMS[form](GPU)
    for path in _mappings(document):
        changed = copy.deepcopy(document)
        _at(changed, path)["unknown"] = "x"
        assert not _validator(form).is_valid(changed), path


@pytest.mark.parametrize("form", FORMS)
def test_a_misspelled_key_is_refused_anywhere(form: str) -> None:
    document = FORMS[form](GPU)
    for path in _mappings(document):
        for key in _at(document, path):
            changed = copy.deepcopy(document)
            mapping = _at(changed, path)
            mapping[key[:-1] + key[-1].swapcase() + "s"] = mapping.pop(key)
            assert not _validator(form).is_valid(changed), (path, key)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata name", "Coco_SSD"),
        ("metadata name", "dashboard"),
        ("metadata name", "a" * 57),
        ("metadata labels", {}),
        ("metadata annotations type", "classifier"),
        ("metadata annotations spec", ""),
        ("metadata annotations version", 2),
        ("metadata annotations version", "2"),
        ("metadata annotations min_pos_points", "1"),
        ("metadata annotations supported_shape_types", "rectangle"),
        ("spec description", " "),
        ("spec handler", "modelyard/serving/nuclio:handler"),
        ("spec handler", "modelyard.serving.worker.nuclio"),
        ("spec runtime", "python"),
        ("spec build", {"path": "."}),
        ("spec env", [{"name": "A", "value": 1}]),
        ("spec env", [{"name": "A", "valueFrom": {}}]),
        ("spec env", [{"name": "A", "value": "it's"}]),
        ("spec triggers", {}),
        ("spec triggers second", {"kind": "http"}),
        ("spec triggers http kind", "cron"),
        ("spec triggers http numWorkers", 0),
        ("spec triggers http maxWorkers", 1),
        ("spec triggers http attributes", {}),
        ("spec triggers http attributes port", "20001"),
        ("spec triggers http attributes maxRequestBodySize", 4194303),
        ("spec resources limits", {}),
        ("spec resources limits memory", "lots"),
        ("spec resources limits nvidia.com/gpu", "0"),
        ("spec resources limits nvidia.com/gpu", 1),
        ("spec eventTimeout", 30),
        ("spec eventTimeout", "30"),
        ("spec platform attributes mountMode", "volume"),
    ],
)
def test_a_value_nuclio_or_cvat_would_misread_is_refused(path: str, value: Any) -> None:
    document = FORMS["function"](SPEC)
    *parents, last = path.split(" ")
    _at(document, tuple(parents))[last] = value
    assert not _validator("function").is_valid(document)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("version", "1"),
        ("startswith_box", "false"),
        ("min_neg_points", "-2"),
        ("animated_gif", "a.gif"),
        ("supported_shape_types", "rectangle"),
        ("spec", "[]"),
    ],
)
def test_an_interactor_cvat_would_misread_is_refused(annotation: str, value: str) -> None:
    document = FORMS["function"](INTERACTOR)
    document["metadata"]["annotations"][annotation] = value
    assert not _validator("function").is_valid(document)
