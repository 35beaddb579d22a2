from __future__ import annotations

import pytest
from pants.backend.python.target_types import PythonDependenciesField
from pants.engine.addresses import Address, Addresses
from pants.engine.target import DependenciesRequest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.testing.runner import function_rule_runner

_PACKAGE = "lib/modelyard/__init__.py"
_MODEL = "lib/modelyard/serving/author/model.py"


@pytest.fixture
def runner() -> RuleRunner:
    runner = function_rule_runner(QueryRule(Addresses, [DependenciesRequest]))
    library = "python_sources(resolve=parametrize('default', 'openvino'))"
    runner.write_files(
        {
            "functions/openvino/f/BUILD": "python_sources(resolve='openvino')",
            "lib/modelyard/BUILD": library,
            _PACKAGE: (
                "if TYPE_CHECKING:\n"
                "    from modelyard.imaging import (\n"
                "        Image,  # pants: no-infer-dep\n"
                "        resize,  # pants: no-infer-dep\n"
                "    )\n"
                "    from modelyard.serving.author.model import Detector  # pants: no-infer-dep\n"
            ),
            "lib/modelyard/imaging/BUILD": library,
            "lib/modelyard/imaging/__init__.py": "",
            "lib/modelyard/serving/author/BUILD": library,
            _MODEL: "from modelyard.imaging import Image",
        }
    )
    return runner


def _dependencies(runner: RuleRunner, path: str, resolve: str = "") -> set[str]:
    folder, _, file = path.rpartition("/")
    parameters = {"resolve": resolve} if resolve else {}
    target = runner.get_target(Address(folder, relative_file_path=file, parameters=parameters))
    request = DependenciesRequest(target[PythonDependenciesField])
    return {address.spec for address in runner.request(Addresses, [request])}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from modelyard import Detector", {f"{_MODEL}@resolve=openvino"}),
        ("from modelyard import Image", {"lib/modelyard/imaging/__init__.py@resolve=openvino"}),
        ("from modelyard.serving.author import model", {f"{_MODEL}@resolve=openvino"}),
        ("import modelyard", {f"{_PACKAGE}@resolve=openvino"}),
    ],
)
def test_a_name_is_a_dependency_on_its_module(
    runner: RuleRunner, code: str, expected: set[str]
) -> None:
    runner.write_files({"functions/openvino/f/handler.py": code})
    assert _dependencies(runner, "functions/openvino/f/handler.py") == expected


def test_the_modules_depend_on_the_package_and_it_on_none(runner: RuleRunner) -> None:
    assert f"{_PACKAGE}@resolve=default" in _dependencies(runner, _MODEL, "default")
    assert _dependencies(runner, _PACKAGE, "default") == set()
