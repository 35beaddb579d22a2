from __future__ import annotations

from pathlib import Path

from modelyard_pants.function.targets import ModelFunction
from modelyard_pants.reference import reference


def test_the_page_matches_the_help() -> None:
    assert Path("docs/targets.md").read_text(encoding="utf-8") == reference(), (
        "regenerate docs/targets.md: "
        "./pants run platform/pants-plugins/modelyard_pants:reference -- docs/targets.md"
    )


def test_every_field_of_a_function_is_on_the_page() -> None:
    page = reference()
    for field in ModelFunction.core_fields:
        if field.alias != "tags":
            assert f"### `{field.alias}`" in page
