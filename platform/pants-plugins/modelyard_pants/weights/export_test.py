from __future__ import annotations

import pytest
from pants.engine.addresses import Address, Addresses
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import DependenciesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.assets.package import Assets, AssetsRequest
from modelyard_pants.testing.runner import FUNCTION
from modelyard_pants.testing.stand_ins import WEIGHTS, rule_runner_with_stand_ins
from modelyard_pants.weights.export_targets import ExportDependenciesField

PATH = "functions/openvino/f"
BUILD = """
python_sources(name="lib", resolve="openvino")
exported_weights(name="ir", weights=["3rdparty/models:gone"])
"""


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = rule_runner_with_stand_ins(
        QueryRule(Addresses, [DependenciesRequest]), QueryRule(Assets, [AssetsRequest])
    )
    weights = f'weights=["{PATH}:ir"],'
    runner.write_files(
        {
            # The stand-in for the fetcher reports this pin's server as unreachable.
            "3rdparty/models/BUILD": WEIGHTS.format(name="gone", sha256="0" * 64),
            "platform/tools/modelyard_tools/weights/conversion/BUILD": (
                "python_sources(resolve='openvino')\n"
                "pex_binary(name='export', entry_point='export.py', resolve='openvino')"
            ),
            "platform/tools/modelyard_tools/weights/conversion/export.py": "",
            f"{PATH}/BUILD": BUILD + FUNCTION.format(extra=weights),
            f"{PATH}/handler.py": "",
            f"{PATH}/export.py": "import f.network",
            f"{PATH}/network.py": "",
        }
    )
    return runner


def _dependencies(runner: RuleRunner) -> set[str]:
    target = runner.get_target(Address(PATH, target_name="ir"))
    request = DependenciesRequest(target[ExportDependenciesField])
    return {address.spec for address in runner.request(Addresses, [request])}


def test_the_exporter_and_what_it_exports_are_inferred(rule_runner: RuleRunner) -> None:
    assert _dependencies(rule_runner) == {f"{PATH}/export.py:lib", "3rdparty/models:gone"}


def test_another_file_may_be_the_exporter(rule_runner: RuleRunner) -> None:
    build = BUILD.replace('name="ir",', 'name="ir", exporter="network.py",')
    rule_runner.write_files({f"{PATH}/BUILD": build})
    assert f"{PATH}/network.py:lib" in _dependencies(rule_runner)


@pytest.mark.parametrize(
    ("exporter", "message"),
    [
        ("missing.py", "has missing.py, the `exporter`; write the file, or set `exporter`"),
        ("../export.py", "`exporter` is '../export.py'; a file such as `export.py`"),
        ("export", "`exporter` is 'export'"),
    ],
)
def test_the_error_names_an_unusable_exporter(
    rule_runner: RuleRunner, exporter: str, message: str
) -> None:
    build = BUILD.replace('name="ir",', f'name="ir", exporter="{exporter}",')
    rule_runner.write_files({f"{PATH}/BUILD": build})
    with pytest.raises(ExecutionError, match=message.replace("`", ".").replace("'", ".")):
        _dependencies(rule_runner)


def test_missing_weights_block_networks_exported_from_them(rule_runner: RuleRunner) -> None:
    target = rule_runner.get_target(Address(PATH, target_name="f", generated_name="cpu-assets"))
    found = rule_runner.request(Assets, [AssetsRequest(target)])
    assert found.blocked == "their server is gone"
    assert found.licences.stated_at == ("https://example.org/LICENSE",)
