from __future__ import annotations

import pytest

from modelyard_contract.annotations import (
    AnnotationError,
    check_for_type,
    check_values,
    complete,
    implied,
    is_readable,
)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("help_message", "Click, click, and click"),
        ("animated_gif", "https://example.org/a.gif"),
        ("version", "2"),
        ("version", "12"),
        ("min_pos_points", "0"),
        ("min_neg_points", "-1"),
        ("startswith_box", "true"),
        ("startswith_box_optional", "true"),
        ("supported_shape_types", "rectangle"),
        ("supported_shape_types", "mask,polygon"),
    ],
)
def test_what_cvat_reads_is_accepted(key: str, value: str) -> None:
    check_values({key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("help_message", ""),
        ("help_message", "two\nlines"),
        ("animated_gif", "a.gif"),
        ("version", "1"),
        ("version", "two"),
        ("min_pos_points", "-1"),
        ("min_pos_points", ""),
        ("min_neg_points", "-2"),
        ("startswith_box", "false"),
        ("startswith_box", "True"),
        ("startswith_box_optional", ""),
        ("supported_shape_types", ""),
        ("supported_shape_types", "rectangle, mask"),
        ("supported_shape_types", "tag"),
        ("supported_shape_types", "mask,mask"),
    ],
)
def test_what_cvat_would_misread_is_refused_by_its_key(key: str, value: str) -> None:
    with pytest.raises(AnnotationError) as error:
        check_values({key: value})
    assert (error.value.key, error.value.value) == (key, value)


def test_an_unknown_key_is_refused_with_the_accepted_ones() -> None:
    with pytest.raises(AnnotationError, match="accepted: help_message, animated_gif") as error:
        check_values({"min_points": "1"})
    assert (error.value.key, error.value.value) == (None, "min_points")


@pytest.mark.parametrize("function_type", ["detector", "tracker", "reid"])
def test_what_only_interactors_have_is_refused_elsewhere(function_type: str) -> None:
    with pytest.raises(AnnotationError, match=f"'interactor', not for '{function_type}'"):
        check_for_type(function_type, {"min_pos_points": "1"})
    check_for_type("interactor", {"min_pos_points": "1"})


def test_only_trackers_support_shape_types() -> None:
    check_for_type("tracker", {"supported_shape_types": "mask"})
    with pytest.raises(AnnotationError, match="only for type='tracker'"):
        check_for_type("interactor", {"supported_shape_types": "mask"})


def test_a_box_cannot_be_demanded_and_optional() -> None:
    with pytest.raises(AnnotationError, match="not both"):
        check_for_type("interactor", {"startswith_box": "true", "startswith_box_optional": "true"})


def test_interactors_speak_the_second_protocol_unless_they_say_otherwise() -> None:
    assert complete("interactor", {"min_pos_points": "4"}) == {
        "version": "2",
        "min_pos_points": "4",
    }
    assert complete("interactor", {"version": "3"}) == {"version": "3"}
    assert complete("detector", {}) == {}
    assert implied("interactor") == {"version": "2"}
    assert implied("tracker") == {}


@pytest.mark.parametrize(
    ("function_type", "key", "value", "readable"),
    [
        ("interactor", "min_pos_points", "4", True),
        ("interactor", "min_pos_points", "four", False),
        ("interactor", "min_points", "4", False),
        ("detector", "min_pos_points", "4", False),
        ("tracker", "supported_shape_types", "mask,polygon", True),
        ("interactor", "supported_shape_types", "mask", False),
    ],
)
def test_an_annotation_is_readable_by_its_key_its_value_and_the_type_of_function(
    function_type: str, key: str, value: str, readable: bool
) -> None:
    assert is_readable(function_type, key, value) is readable
