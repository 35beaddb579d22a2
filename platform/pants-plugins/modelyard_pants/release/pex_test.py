"""The name of a release's PEX. Building one needs an index; the end-to-end tests do it."""

from __future__ import annotations

import pytest
from pants.backend.python.target_types import PexBinary
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    EnvironmentAwarePackageRequest,
)
from pants.engine.addresses import Address
from pants.engine.fs import Digest, RemovePrefix
from pants.engine.target import InvalidTargetException
from pants.testutil.rule_runner import MockGet, run_rule_with_mocks

from modelyard_pants.release.pex import FunctionPex, FunctionPexRequest, build_pex

BUILT, BARE = Digest("a" * 64, 1), Digest("b" * 64, 1)
TARGET = PexBinary({"entry_point": "x.py"}, Address("3rdparty/python/openvino", target_name="deps"))


def _build(path: str, name: str, removed: list[RemovePrefix]) -> FunctionPex:
    def remove(request: RemovePrefix) -> Digest:
        removed.append(request)
        return BARE

    return run_rule_with_mocks(
        build_pex,
        rule_args=[FunctionPexRequest(TARGET, name)],
        mock_gets=[
            MockGet(
                BuiltPackage,
                (EnvironmentAwarePackageRequest,),
                lambda _: BuiltPackage(BUILT, (BuiltPackageArtifact(path),)),
            ),
            MockGet(Digest, (RemovePrefix,), remove),
        ],
    )


@pytest.mark.parametrize(
    ("path", "removed"),
    [
        ("3rdparty.python.openvino/openvino.pex", ["3rdparty.python.openvino"]),
        ("a/cpu/openvino.pex", ["a/cpu"]),
        ("openvino.pex", []),
    ],
)
def test_it_lies_at_the_root_wherever_its_target_puts_it(path: str, removed: list[str]) -> None:
    requests: list[RemovePrefix] = []
    pex = _build(path, "openvino.pex", requests)
    assert requests == [RemovePrefix(BUILT, prefix) for prefix in removed]
    assert pex.digest == (BARE if removed else BUILT)


@pytest.mark.parametrize("path", ["deps.pex", "a/deps.pex", "openvino.pex/deps.pex"])
def test_a_name_that_no_deployer_would_look_for_is_refused(path: str) -> None:
    with pytest.raises(InvalidTargetException) as error:
        _build(path, "openvino.pex", [])
    assert str(error.value) == (
        "3rdparty/python/openvino:deps: its output must be named openvino.pex, not deps.pex; set "
        "output_path"
    )
