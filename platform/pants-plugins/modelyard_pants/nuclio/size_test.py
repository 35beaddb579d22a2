from __future__ import annotations

import dataclasses
from typing import Any, Callable

import pytest

from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.nuclio.classic import classic_files
from modelyard_pants.nuclio.function import render_function
from modelyard_pants.nuclio.kubernetes import kubernetes_files
from modelyard_pants.nuclio.size import MAX_BYTES, SpecTooLarge, nuclio_bytes, require_fit
from modelyard_pants.nuclio.testing.spec import BUILD, SPEC


def test_markup_counts_as_encoded_by_go() -> None:
    assert nuclio_bytes({"svg": "<a & b>"}) == len('{"svg":"') + 4 + 3 * 6 + len('"}')
    assert nuclio_bytes({"name": "猫"}) == len('{"name":"') + 3 + len('"}')


def test_the_limit_itself_is_accepted() -> None:
    overhead = nuclio_bytes({"k": ""})
    require_fit({"k": "x" * (MAX_BYTES - overhead)})
    with pytest.raises(SpecTooLarge, match=f"{MAX_BYTES + 1} bytes"):
        require_fit({"k": "x" * (MAX_BYTES - overhead + 1)})


@pytest.mark.parametrize(
    "render", [render_function, kubernetes_files, lambda spec: classic_files(spec, BUILD)]
)
def test_the_limit_applies_to_every_form_with_labels(render: Callable[[FunctionSpec], Any]) -> None:
    labels = [
        {"id": i, "name": f"a rather long label name {i}", "type": "any", "attributes": []}
        for i in range(1500)
    ]
    with pytest.raises(SpecTooLarge, match="shorten the label set"):
        render(dataclasses.replace(SPEC, labels=labels))
