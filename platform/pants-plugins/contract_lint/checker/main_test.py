"""The program, started as by the rule, in a folder written by the test."""

import os
import subprocess
import sys
from pathlib import Path

from contract_lint.checker import __main__ as checker

_CONTRACT = "lib/contract/modelyard_contract"
_ROOT = Path(checker.__file__).parents[2]


def _run(folder: Path, name: str, text: str) -> subprocess.CompletedProcess[str]:
    for path, content in ((f"{_CONTRACT}/ports.py", "DASHBOARD = 8070\n"), (name, text)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "contract_lint.checker", _CONTRACT, name, f"{_CONTRACT}/ports.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_findings_are_printed_and_fail(tmp_path: Path) -> None:
    done = _run(tmp_path, "lib/a.py", "match 1:\n    case _:\n        x = 8070\n")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "lib/a.py:3: 8070 is in the contract: use modelyard_contract.ports.DASHBOARD; if another "
        "thing is meant, state why: # contract: DASHBOARD is …\n"
    )


def test_nothing_is_printed_if_nothing_is_wrong(tmp_path: Path) -> None:
    done = _run(tmp_path, "lib/a.py", "x = 8071\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_test_may_repeat_a_value_it_expects(tmp_path: Path) -> None:
    done = _run(tmp_path, "lib/a_test.py", "x = 8070\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_syntax_error_is_found(tmp_path: Path) -> None:
    done = _run(tmp_path, "lib/a.py", "x = 1\nx = (\n")
    assert (done.returncode, done.stdout) == (1, "lib/a.py:2: not Python: '(' was never closed\n")
