from __future__ import annotations

import pytest

from modelyard.util_rules.named import is_name_of


@pytest.mark.parametrize(
    ("name", "word", "named"),
    [
        ("#cpu-image", "functions/openvino/a#cpu-image", True),
        ("#cpu-image", "functions::", False),
        ("#cpu-image", "functions/openvino/a#cpu", False),
        ("base", "platform/images:base", True),
        ("base", "platform/images::", False),
    ],
)
def test_naming_a_target(name: str, word: str, named: bool) -> None:
    assert is_name_of(name, word) is named
