"""New functions without a model file; `.ci/run` builds, tests and deploys one for real."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard_contract.frameworks import FRAMEWORKS
from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_tools.scaffold.cli import main
from modelyard_tools.scaffold.names import BadNameError, check_name, class_name
from modelyard_tools.scaffold.write import write_function


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "functions" / "openvino" / "taken").mkdir(parents=True)
    (tmp_path / "lib" / "modelyard").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("type", FUNCTION_TYPES)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_function_is_a_package_with_a_class_a_test_and_a_target(
    repository: Path, type: str, framework: str
) -> None:
    folder = write_function(repository, "my_model", type=type, framework=framework)
    assert folder == repository / "functions" / framework / "my_model"
    labels = {"labels.json"} if type == "detector" else set()
    written = {"__init__.py", "BUILD", "README.md", "handler.py", "handler_test.py"}
    assert {path.name for path in folder.iterdir()} == written | labels
    module = ast.parse((folder / "handler.py").read_text())
    names = [node.name for node in module.body if isinstance(node, ast.ClassDef)]
    assert names[-1] == "MyModel"
    assert f'sample_request("{type}")' in (folder / "handler_test.py").read_text()
    build = (folder / "BUILD").read_text()
    calls = [node.value for node in ast.parse(build).body if isinstance(node, ast.Expr)]
    function = calls[-1]
    assert isinstance(function, ast.Call)
    fields = {word.arg: ast.literal_eval(word.value) for word in function.keywords}
    assert (fields["type"], fields["framework"]) == (type, framework)
    assert fields["display_name"] == "My Model"
    assert ("labels" in fields) == (type == "detector")
    assert "$" not in build


def test_the_command_says_what_comes_next(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["my_model", "--type", "tracker", "--framework", "openvino"]) == 0
    assert "./pants run functions/openvino/my_model#cpu" in capsys.readouterr().out
    assert (repository / "functions/openvino/my_model/BUILD").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("My-Model", "is not a valid function name"),
        ("", "is not a valid function name"),
        ("a/b", "is not a valid function name"),
        ("..", "is not a valid function name"),
        ("a" * 51, "is not a valid function name"),
        ("dashboard", "is not a valid function name: reserved are"),
        ("match", "is a Python keyword"),
        ("lambda", "is a Python keyword"),
        ("taken", "already exists in functions/openvino/taken"),
        ("modelyard", "already exists in lib/modelyard"),
        ("json", "already exists in Python's standard library"),
        ("pytest", "already exists in an installed package"),
        ("torch", "already exists in a library of 3rdparty/python/*/*.lock"),
    ],
)
def test_a_name_that_cannot_work_is_refused(
    repository: Path, name: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = repository / "3rdparty" / "python" / "torch-cpu" / "torch-cpu.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("torch==2.13.0\n")
    before = sorted(repository.rglob("*"))
    assert main([name]) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
    assert sorted(repository.rglob("*")) == before


def test_nothing_is_left_of_a_function_that_could_not_be_written(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "functions" / "pytorch").write_text("in the way")
    assert main(["my_model", "--framework", "pytorch"]) == 1
    assert "cannot write" in capsys.readouterr().err


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_every_accepted_name_is_an_identifier_with_a_class(name: str) -> None:
    try:
        check_name(name, Path("/nowhere"))
    except BadNameError:
        return
    assert name.isidentifier()
    assert name not in sys.stdlib_module_names
    assert class_name(name).isidentifier()
