from __future__ import annotations

import pytest
from pants.core.target_types import FileTarget
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.target import Target

from modelyard_pants.function.targets import LabelSet
from modelyard_pants.weights.export_targets import ExportedWeights
from modelyard_pants.weights.requests import Weights, stands_for_weights
from modelyard_pants.weights.targets import ModelWeights

ADDRESS = Address("3rdparty/models", target_name="w")
PUBLISHED = {
    "source": "https://example.org/w",
    "licence": "MIT",
    "licence_stated_at": "here",
    "origin": "these tests",
}


@pytest.mark.parametrize(
    ("weights", "cacheable"),
    [
        (Weights(EMPTY_DIGEST), True),
        # What is missing now may be there at the next build.
        (Weights(None, "their server is gone"), False),
        (Weights(None, ""), False),
    ],
)
def test_only_what_is_there_is_remembered(weights: Weights, cacheable: bool) -> None:
    assert weights.cacheable() is cacheable


@pytest.mark.parametrize(
    ("target", "stands"),
    [
        (ModelWeights(PUBLISHED, ADDRESS), True),
        (ExportedWeights({"weights": [":w"]}, ADDRESS), True),
        # These are there already, and have a `source` of another kind.
        (FileTarget({"source": "w.bin"}, ADDRESS), False),
        (LabelSet({"source": "pets.json"}, ADDRESS), False),
    ],
)
def test_weights_are_what_has_to_be_obtained(target: Target, stands: bool) -> None:
    assert stands_for_weights(target) is stands
