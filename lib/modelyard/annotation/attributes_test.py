from typing import Any

import numpy as np
import pytest

from modelyard.annotation.attributes import Attribute


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("red", "red"),
        (31, "31"),
        (31.0, "31"),
        (np.int64(7), "7"),
        (0.5, "0.5"),
        (-0.0, "0"),
        (True, "true"),
        (False, "false"),
        (np.True_, "true"),
    ],
)
def test_attribute_values_become_the_text_that_cvat_accepts(value: Any, text: str) -> None:
    assert Attribute("name", value).value == text
