from __future__ import annotations

from pathlib import Path

from modelyard_pants.function.targets import ModelFunction
from modelyard_pants.reference import reference


def test_the_page_is_what_the_help_says() -> None:
    assert Path("docs/targets.md").read_text(encoding="utf-8") == reference(), (
        "write docs/targets.md again: "
        "./pants run platform/pants-plugins/modelyard_pants:reference -- docs/targets.md"
    )


def test_every_field_of_a_function_has_its_place() -> None:
    page = reference()
    for field in ModelFunction.core_fields:
        if field.alias != "tags":
            assert f"### `{field.alias}`" in page
