from __future__ import annotations

import pytest

from modelyard_pants.common.named import is_name_of, is_packaged


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


@pytest.mark.parametrize(
    ("words", "packaged"),
    [
        (["package", "functions/openvino/a#cpu-image"], True),
        (["--no-pantsd", "package", "functions/openvino/a#cpu-image"], True),
        (["package", "functions::"], False),
        # `publish` gives it to an engine or a registry instead.
        (["publish", "functions/openvino/a#cpu-image"], False),
    ],
)
def test_publishing_a_target_is_not_packaging_it(words: list[str], packaged: bool) -> None:
    assert is_packaged("#cpu-image", words) is packaged
