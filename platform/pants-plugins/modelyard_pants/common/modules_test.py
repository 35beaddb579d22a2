from __future__ import annotations

import pytest
from pants.engine.internals.scheduler import ExecutionError
from pants.source import source_root
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.common import modules
from modelyard_pants.common.modules import ModuleOfFile, ModuleOfFileRequest


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *modules.rules(),
            *source_root.rules(),
            QueryRule(ModuleOfFile, [ModuleOfFileRequest]),
        ]
    )
    runner.set_options(["--source-root-patterns=['/functions/*', '/lib']"])
    return runner


@pytest.mark.parametrize(
    ("folder", "file", "module"),
    [
        # ARCHITECTURE.md: functions/<framework> is a source root, so a function's folder is a
        # package.
        ("functions/openvino/f", "handler.py", "f.handler"),
        ("functions/pytorch/f", "handler.py", "f.handler"),
        ("functions/openvino/f", "net/main.py", "f.net.main"),
        ("functions/openvino/group/f", "handler.py", "group.f.handler"),
        ("functions/openvino", "handler.py", "handler"),
        ("lib/modelyard/models", "heads.py", "modelyard.models.heads"),
        # Only the ending is one: `import f.v1.2` would look for a module `2`.
        ("functions/openvino/f", "handler_v2.py", "f.handler_v2"),
    ],
)
def test_a_file_is_imported_by_its_path_below_the_source_root(
    runner: RuleRunner, folder: str, file: str, module: str
) -> None:
    found = runner.request(ModuleOfFile, [ModuleOfFileRequest(folder, file)])
    assert found == ModuleOfFile(module)


def test_a_folder_without_a_source_root_is_named(runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError, match=r"No source root found for `docs`"):
        runner.request(ModuleOfFile, [ModuleOfFileRequest("docs", "conf.py")])
